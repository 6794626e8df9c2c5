/*
 * A disk that is really full: the tables are on a small tmpfs that only this
 * PostgreSQL sees, in a mount namespace of its own, which needs root.
 */
#include "t.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "shell.h"
#include "stack.h"

static char dir[] = "/tmp/smartcity-disk.XXXXXX";
static pid_t postgres;
static char cluster[128];
static struct stack s;
static bool has_stack;

static void
become_postgres(void)
{
	char script[1024];

	snprintf(script, sizeof(script),
	    "cd %s && mount -t tmpfs -o "
	    "size=40m,mode=700,uid=postgres,gid=postgres tmpfs small && "
	    "exec setpriv --reuid postgres --regid postgres --init-groups "
	    "$(echo /usr/lib/postgresql/*/bin | tail -n 1)/postgres -D %s/pg "
	    "-c listen_addresses= -c unix_socket_directories=%s >>log 2>&1",
	    dir, dir, dir);
	execlp("unshare", "unshare", "-m", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

static bool
is_there(void *arg)
{
	(void)arg;
	return shell("pg_isready -q -h $d") == 0;
}

/* Makes a cluster whose tables, but not its WAL, are on the small disk. */
static void
make_cluster(void)
{
	assert_non_null(mkdtemp(dir));
	shell_begin("d=%s; cd $d || exit; exec >>log 2>&1; "
		    "PATH=$(echo /usr/lib/postgresql/*/bin | tail -n 1):$PATH; "
		    "as='setpriv --reuid postgres --regid postgres "
		    "--init-groups'",
	    dir);
	chmod(dir, 0755);
	shell_must("mkdir small pg && chown postgres pg . && $as initdb -N -D "
		   "$d/pg -U postgres -A trust -E UTF8 --locale C.UTF-8");
	if ((postgres = fork()) == 0)
		become_postgres();
	stack_wait(is_there, NULL, "the server on the small disk is ready");
	snprintf(cluster, sizeof(cluster),
	    "postgresql://postgres@/postgres?host=%s", dir);
	setenv("TEST_DATABASE_URL", cluster, 1);
	t_exec(cluster, "CREATE TABLESPACE small LOCATION '%s/small'", dir);
	t_exec(cluster, "ALTER SYSTEM SET default_tablespace = small");
	t_exec(cluster, "SELECT pg_reload_conf()");
	t_exec(cluster, "CREATE DATABASE smartcity_template");
}

static int
migrate(void)
{
	char command[256];

	snprintf(command, sizeof(command),
	    "DATABASE_URL='postgresql://postgres@/smartcity_template?host=%s' "
	    "sql/migrate deploy >/dev/null",
	    dir);
	return system(command);
}

static int
setup(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2", NULL };

	(void)state;
	if (geteuid() != 0 ||
	    system("unshare -m mount -t tmpfs tmpfs /mnt 2>/dev/null") != 0)
		return 0;
	make_cluster();
	assert_int_equal(migrate(), 0);
	stack_start(&s, settings);
	has_stack = true;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (has_stack)
		stack_stop(&s);
	if (postgres > 0) {
		kill(postgres, SIGINT);
		waitpid(postgres, NULL, 0);
		shell("rm -rf $d");
	}
	return 0;
}

static void
fill_the_disk(void)
{
	t_exec(s.url, "CREATE TABLE filler (t text)");
	/* The pages stay in use, although the statement fails. */
	t_exec(s.url,
	    "DO $$ BEGIN LOOP INSERT INTO filler SELECT repeat(md5(g::text), "
	    "60) FROM generate_series(1, 100) AS g; END LOOP; "
	    "EXCEPTION WHEN disk_full THEN NULL; END $$");
}

static bool
is_refused(void *arg)
{
	struct http h = http_post(s.port, "/ingest/transport", "{}");
	int status = h.status;

	(void)arg;
	http_free(&h);
	assert_true(status == 200 || status == 503);
	return status == 503;
}

static bool
is_stored(void *arg)
{
	return !is_refused(arg);
}

static void
disk__full__seen_everywhere_and_over_when_it_is(void **state)
{
	char command[256];

	(void)state;
	if (!has_stack)
		skip(); /* not root, or no mounts are allowed here */
	http_expect(s.port, "GET", "/ready", "", NULL, 200, "ready");
	fill_the_disk();
	stack_wait(is_refused, NULL, "an event is refused");
	http_expect(s.port, "GET", "/ready", "", NULL, 503,
	    "disk is full (SQLSTATE 53100)");
	http_expect(s.port, "GET", "/status", "", NULL, 200, "pool:");
	http_expect(s.port, "GET", "/metrics", "", NULL, 200,
	    "smartcity_database_up 1\n");
	http_expect(
	    s.port, "GET", "/metrics", "", NULL, 200, "{class=\"disk_full\"} ");
	snprintf(command, sizeof(command),
	    "grep -q 'db: event_insert: 53100 .*No space left on device' "
	    "%s/log/fcgi.log",
	    s.dir);
	assert_int_equal(system(command), 0);
	t_exec(s.url, "DROP TABLE filler");
	stack_wait(is_stored, NULL, "there is space again");
	stack_wait_status(&s, "/ready", 200);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(disk__full__seen_everywhere_and_over_when_it_is),
};

T_MAIN_WITH(tests, setup, teardown)
