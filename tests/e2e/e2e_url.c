/*
 * One DATABASE_URL for all programs: sql/migrate understands it as the pool
 * does, whatever the password is and however .env quotes it. The test has its
 * own PostgreSQL, which asks for passwords.
 */
#include "t.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell.h"
#include "stack.h"

/* The password as the user typed it, and as it is in a URL. */
#define PASSWORD "p$w#'\" %@:/?&=\\${x}"
#define ENCODED "p%24w%23%27%22%20%25%40%3A%2F%3F%26%3D%5C%24%7Bx%7D"

static char dir[] = "/tmp/smartcity-url.XXXXXX";
static pid_t postgres;

static void
put_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static bool
is_there(void *arg)
{
	(void)arg;
	return shell("pg_isready -q -h $d -U postgres") == 0;
}

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	shell_begin("top=$PWD; d=%s; cd $d || exit; exec >>log 2>&1; "
		    "PATH=$(echo /usr/lib/postgresql/*/bin | tail -n 1):$PATH; "
		    "migrate() { \"$top/sql/migrate\" \"$@\"; }; "
		    "export DATA_DIR=$d/none; as=; [ $(id -u) -ne 0 ] || "
		    "as='setpriv --reuid postgres --regid postgres "
		    "--init-groups'",
	    dir);
	chmod(dir, 0755);
	shell_must("mkdir pg && { [ -z \"$as\" ] || chown postgres pg .; } && "
		   "$as initdb -N -D $d/pg -U postgres -A trust -E UTF8 "
		   "--locale C.UTF-8 && printf '%%s\n' "
		   "'local all postgres trust' 'local all all scram-sha-256' "
		   ">pg/pg_hba.conf");
	if ((postgres = fork()) == 0)
		_exit(shell("exec $as env --default-signal=INT postgres -D "
			    "$d/pg -c listen_addresses= "
			    "-c unix_socket_directories=$d & echo $! >pid; "
			    "wait"));
	stack_wait(is_there, NULL, "the server is ready");
	put_file("role.sql",
	    "CREATE ROLE city LOGIN PASSWORD $$" PASSWORD "$$;\n"
	    "CREATE DATABASE city OWNER city;\n");
	shell_must("psql -qX -v ON_ERROR_STOP=1 -h $d -U postgres -f role.sql");
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	shell("kill -INT $(cat pid)");
	waitpid(postgres, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void
fail_with_log(const char *what)
{
	char command[128];

	snprintf(command, sizeof(command), "tail -n 5 %s/log >&2", dir);
	fail_msg("%s: %d", what, system(command));
}

/* Writes the file: the text, with dir for %s, and a newline. */
static void
put_with_dir(const char *name, const char *format)
{
	char text[1024];
	const char *at = strstr(format, "%s");

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s\n", (int)(at - format), format,
	    dir, at + 2);
	put_file(name, text);
}

static void
put_env(const char *format)
{
	put_with_dir(".env", format);
}

static const char ask_all[] =
    "migrate status && "
    "[ $(migrate psql -Atc 'SELECT current_user') = city ] && "
    "echo >log && REQUEST_METHOD=GET SCRIPT_NAME=/events "
    "\"$B\"/smartcity-fcgi >answer && grep -q '^Status: 200' answer";

static void
url__any_password_in_any_quotes__all_connect(void **state)
{
	static const char *const lines[] = {
		"DATABASE_URL=postgresql://city:" ENCODED "@/city?host=%s",
		"DATABASE_URL=postgresql+psycopg2://city:" ENCODED
		"@/city?host=%s # ours",
		"export  DATABASE_URL = 'postgres://city:p$w#\\'\"%20%25%40:"
		"%2F%3F&=\\${x}@/city?host=%s'\r",
		"DATABASE_URL=\"postgresql://city:p$w#'\\\"%20%25%40:%2F%3F&="
		"\\\\\\${x}@/city?host=%s\" # ours",
		"\xef\xbb\xbfX='host=%s'\nDATABASE_URL=\"${X} user=city "
		"dbname=city password='p\\$w#\\\\'\\\" "
		"%@:/?&=\\\\\\\\\\${x}'\"",
	};
	size_t i;

	(void)state;
	put_env(lines[0]);
	shell_must("migrate deploy && migrate history");
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		put_env(lines[i]);
		if (shell(ask_all) != 0)
			fail_with_log(lines[i]);
	}
}

#define URL "DATABASE_URL='postgresql://city:" ENCODED "@"

static void
url__options_hosts_service_and_sslmode__all_connect(void **state)
{
	static const char *const lines[] = {
		URL "/city?host=%s&options=-c%20work_mem%3D5MB'",
		URL "/city?host=%s&options=-csearch_path%3Dpublic&"
		    "options=-c%20work_mem%3D5MB'",
		URL "/city?host=/nonexistent,%s'",
		URL "/city?host=%s&sslmode=prefer&connect_timeout=9&"
		    "target_session_attrs=read-write&application_name=mine'",
		URL "/city?host=%s&keepalives_idle=5'",
		"# %s\nDATABASE_URL=service=city",
	};
	char services[128];
	size_t i;

	(void)state;
	put_with_dir("services",
	    "[city]\nhost=%s\nuser=city\ndbname=city\npassword=" PASSWORD);
	snprintf(services, sizeof(services), "%s/services", dir);
	setenv("PGSERVICEFILE", services, 1);
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		put_env(lines[i]);
		if (shell(ask_all) != 0)
			fail_with_log(lines[i]);
	}
	unsetenv("PGSERVICEFILE");
}

static void
url__options__in_force_beside_those_of_the_migration(void **state)
{
	(void)state;
	put_env(URL "/city?host=%s&options=-c%20work_mem%3D5MB'");
	shell_must("migrate deploy && [ $(migrate psql -Atc 'SHOW work_mem') "
		   "= 5MB ]");
}

static void
url__left_out_option__named_in_one_line(void **state)
{
	(void)state;
	put_env(URL "/city?host=%s&keepalives_idle=5'");
	shell_must("migrate status 2>err && [ $(wc -l <err) -eq 1 "
		   "] && grep -q 'keepalives_idle is left out' err");
}

/* The arguments of a running psql, which others can see, have no password. */
static void
url__password__in_no_argument(void **state)
{
	(void)state;
	put_env(URL "/city?host=%s'");
	shell_must("migrate psql -Atc \"\\! tr '\\0' ' ' "
		   "</proc/\\$PPID/cmdline\" >arguments && "
		   "grep -q psql arguments && ! grep -q 'p.*w.*x' arguments");
}

static void
setting__asked__the_value_in_force(void **state)
{
	(void)state;
	put_file(".env",
	    "\xef\xbb\xbf PORT = 9 # p\nexport  THRESHOLD_KWH='7'\r\n"
	    "POSTGRES_PASSWORD=\"a\\\"b\"\nTHRESHHOLD_KWH=8\n"
	    "SMARTCITY_PROCESSES=many\n");
	shell_must(
	    "is() { got=$(\"$B\"/smartcity-fcgi --setting \"$1\" 2>err) && "
	    "[ \"$got\" = \"$2\" ] && [ ! -s err ]; } && "
	    "is PORT 9 && is THRESHOLD_KWH 7 && "
	    "is POSTGRES_PASSWORD 'a\"b' && is BIND '' && "
	    "is SMARTCITY_WORKER_SEEN 30 && is SMARTCITY_PROCESSES many "
	    "&& is DATABASE_URL postgresql:///smartcity && "
	    "export PORT=10 && is PORT 10 && "
	    "export THRESHOLD_KWH= && is THRESHOLD_KWH 7");
	put_file(".env", "\nDATABASE_URL='postgresql://u:secret@h\n");
	shell_must("\"$B\"/smartcity-fcgi --setting PORT 2>err; [ $? "
		   "-eq 78 ] && grep -q '.env, line 2: ' err && "
		   "! grep -q secret err");
	shell_must("migrate status 2>err; [ $? -eq 78 ] && grep -q "
		   "'.env, line 2: ' err");
}

static void
misspelt_name__start_and_check__warned_of(void **state)
{
	(void)state;
	put_file(".env", "THRESHHOLD_KWH=8\nPOSTGRES_PASWORD=x\n");
	shell_must("export DATABASE_URL='postgresql:///x?host=/nonexistent' "
		   "OUTBOX_BATCH=5; for p in fcgi worker; do "
		   "\"$B\"/smartcity-$p --check 2>err && "
		   "grep -q 'THRESHHOLD_KWH is no setting; did you mean "
		   "THRESHOLD_KWH?' err && "
		   "grep -q 'OUTBOX_BATCH is no setting; did you mean "
		   "OUTBOX_BATCH_SIZE?' err && grep -q 'POSTGRES_PASSWORD?' "
		   "err && [ $(grep -c 'is no setting' err) -eq 3 ] || exit 1; "
		   "done");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(url__any_password_in_any_quotes__all_connect),
	cmocka_unit_test(url__options_hosts_service_and_sslmode__all_connect),
	cmocka_unit_test(url__options__in_force_beside_those_of_the_migration),
	cmocka_unit_test(url__left_out_option__named_in_one_line),
	cmocka_unit_test(url__password__in_no_argument),
	cmocka_unit_test(setting__asked__the_value_in_force),
	cmocka_unit_test(misspelt_name__start_and_check__warned_of),
};

/* Sets absolute paths, for commands that run in another directory. */
static int
setup_all(void **state)
{
	const char *build = getenv("TEST_BUILD");
	char path[4096];

	assert_non_null(realpath(build != NULL ? build : "build", path));
	setenv("B", path, 1);
	setenv("BUILD", path, 1);
	return setup(state);
}

T_MAIN_WITH(tests, setup_all, teardown)
