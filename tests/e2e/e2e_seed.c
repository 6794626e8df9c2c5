/*
 * The .env of the Python project that this one replaces names the containers'
 * database, on the host db. Without containers everything must work as well.
 */
#include "t.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "shell.h"
#include "stack.h"

#define URL "DATABASE_URL=postgresql://postgres:postgres@db:5432/postgres"

static char dir[] = "/tmp/smartcity-seed.XXXXXX";
static int port;
static pid_t run;
static bool is_known; /* this network has a host named db */

static void
put_env(const char *line)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/.env", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s\nPORT = '%d' # of nginx\nBIND=127.0.0.1\n", line, port);
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	char path[4096], data[64];
	const char *build = getenv("TEST_BUILD");

	(void)state;
	is_known = system("getent ahosts db >/dev/null") == 0;
	assert_non_null(mkdtemp(dir));
	shell_begin("top=$PWD; cd %s || exit; exec >>log 2>&1", dir);
	chmod(dir, 0755);
	port = stack_free_port();
	assert_non_null(realpath(build != NULL ? build : "build", path));
	setenv("BUILD", path, 1);
	snprintf(data, sizeof(data), "%s/var", dir);
	setenv("DATA_DIR", data, 1);
	/* Hides the containers of this host. */
	setenv("DOCKER_HOST", "unix:///nonexistent", 1);
	return 0;
}

static bool
is_over(void *arg)
{
	(void)arg;
	return waitpid(run, NULL, WNOHANG) == run;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	if (run > 0) {
		kill(run, SIGTERM);
		stack_wait(is_over, NULL, "nginx/run has stopped");
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void
become_run(void)
{
	char path[4096];

	if (realpath("nginx/run", path) == NULL || chdir(dir) != 0 ||
	    freopen("log", "a", stdout) == NULL ||
	    dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		_exit(127);
	setpgid(0, 0);
	execl(path, path, (char *)NULL);
	_exit(127);
}

static bool
is_ready(void *arg)
{
	struct http h = http_get(port, "/ready");
	int status = h.status;

	(void)arg;
	http_free(&h);
	return status == 200;
}

static void
seed__nothing_runs__migrate_says_so_in_one_line(void **state)
{
	(void)state;
	if (is_known)
		skip();
	put_env(URL);
	shell_must(
	    "\"$top\"/sql/migrate status 2>err; [ $? -eq 78 ] && "
	    "[ $(wc -l <err) -eq 1 ] && grep -q 'neither `make up`' err");
}

static void
make_run__dotenv_malformed__refused_by_its_line(void **state)
{
	(void)state;
	put_env("DATABASE_URL='postgresql://u:secret@h/d' x");
	shell_must("\"$top\"/nginx/run 2>err; [ $? -eq 1 ] && [ $(wc -l <err) "
		   "-eq 1 "
		   "] && grep -q '.env, line 1: ' err && ! grep -q secret err");
	put_env("DATABASE_URL=mysql://u:secret@h/d");
	shell_must(
	    "\"$top\"/nginx/run 2>err; [ $? -eq 1 ] && grep -q 'neither a "
	    "postgresql:// URL' err && ! grep -q secret err");
}

static void
seed__make_run__a_private_database_and_it_says_so(void **state)
{
	struct http h;

	(void)state;
	if (is_known)
		skip();
	put_env(URL);
	if ((run = fork()) == 0)
		become_run();
	stack_wait(is_ready, NULL, "the stack is ready");
	h = http_post(port, "/ingest/health",
	    J("{'patient_id': 12345, 'alert': 'emergency', "
	      "'location': 'Rua das Flores, 100'}"));
	assert_int_equal(h.status, 200);
	http_free(&h);
	shell_must("[ $(grep -c 'starting a private PostgreSQL' log) -eq 1 ]");
}

static void
seed__make_run_runs__migrate_goes_to_its_database(void **state)
{
	static const char *const lines[] = { URL,
		("DATABASE_URL=postgresql+psycopg2://"
		 "postgres:postgres@db:5432/postgres?sslmode=require"),
		"# without" };
	size_t i;

	(void)state;
	if (is_known)
		skip();
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		put_env(lines[i]);
		shell_must("\"$top\"/sql/migrate status >out && "
			   "grep -q up-to-date out && "
			   "[ \"$(\"$top\"/sql/migrate psql -Atc 'SELECT "
			   "count(*) > 0, current_database() FROM events')\" = "
			   "'t|smartcity' ]");
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(seed__nothing_runs__migrate_says_so_in_one_line),
	cmocka_unit_test(make_run__dotenv_malformed__refused_by_its_line),
	cmocka_unit_test(seed__make_run__a_private_database_and_it_says_so),
	cmocka_unit_test(seed__make_run_runs__migrate_goes_to_its_database),
};

T_MAIN_WITH(tests, setup, teardown)
