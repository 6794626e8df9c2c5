/*
 * A remote database that requires TLS and a client certificate. If root starts
 * them, pool and worker run as www-data, which cannot read root's
 * ~/.postgresql.
 */
#include "t.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "shell.h"
#include "stack.h"

static char dir[] = "/tmp/smartcity-tls.XXXXXX";
static pid_t postgres;
static int port;
static char cluster[256], home[64];

/* Makes a CA, the server's certificate, and the client's in root's home. */
static void
make_certificates(void)
{
	static const char script[] =
	    "set -e; mkdir -m 700 home home/.postgresql; c=home/.postgresql; "
	    "new='openssl req -newkey rsa:2048 -nodes -batch -days 2'; "
	    "$new -x509 -subj /CN=authority -keyout ca.key -out root.crt; "
	    "sign() { openssl x509 -req -days 2 -CA root.crt -CAkey ca.key "
	    "-CAcreateserial -in $1.csr -out $2 -extfile ext; }; "
	    "echo subjectAltName=DNS:localhost >ext; "
	    "$new -subj /CN=localhost -keyout server.key -out server.csr; "
	    "sign server server.crt; "
	    "$new -subj /CN=postgres -keyout $c/postgresql.key -out c.csr; "
	    "sign c $c/postgresql.crt; cp root.crt $c/root.crt; "
	    "chmod 600 $c/postgresql.key server.key; chown postgres server.key";

	if (shell("%s", script) != 0)
		fail_msg("no certificates; see %s/log", dir);
}

static void
become_postgres(void)
{
	char script[1024];

	snprintf(script, sizeof(script),
	    "cd %s && exec setpriv --reuid postgres --regid postgres "
	    "--init-groups $(echo /usr/lib/postgresql/*/bin | "
	    "tail -n 1)/postgres -D %s/pg -c listen_addresses=localhost "
	    "-c port=%d -c unix_socket_directories=%s -c ssl=on "
	    "-c ssl_cert_file=%s/server.crt -c ssl_key_file=%s/server.key "
	    "-c ssl_ca_file=%s/root.crt >>log 2>&1",
	    dir, dir, port, dir, dir, dir, dir);
	execl("/bin/sh", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

static bool
is_there(void *arg)
{
	(void)arg;
	return shell("pg_isready -q -h $PWD -p %d", port) == 0;
}

static int
setup(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root runs the programs as "
			      "another user\n");
		return 0;
	}
	assert_non_null(mkdtemp(dir));
	shell_begin("cd %s || exit; exec >>log 2>&1; "
		    "PATH=$(echo /usr/lib/postgresql/*/bin | tail -n 1):$PATH; "
		    "as='setpriv --reuid postgres --regid postgres "
		    "--init-groups'",
	    dir);
	chmod(dir, 0755);
	make_certificates();
	port = stack_free_port();
	shell_must("mkdir pg && chown postgres pg . && $as initdb "
		   "-N -D $PWD/pg -U postgres -A trust -E UTF8 "
		   "--locale C.UTF-8");
	if ((postgres = fork()) == 0)
		become_postgres();
	stack_wait(is_there, NULL, "the server with TLS is ready");
	snprintf(home, sizeof(home), "%s/home", dir);
	shell_must("psql -qX -h $PWD -p %d -U postgres -d postgres -c "
		   "'CREATE DATABASE smartcity_template'",
	    port);
	snprintf(cluster, sizeof(cluster),
	    "DATABASE_URL='postgresql://postgres@/smartcity_template?host=%s&"
	    "port=%d' sql/migrate deploy >>%s/log 2>&1",
	    dir, port, dir);
	assert_int_equal(system(cluster), 0);
	setenv("HOME", home, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (postgres == 0)
		return 0;
	kill(postgres, SIGINT);
	waitpid(postgres, NULL, 0);
	return shell("rm -rf %s", dir);
}

/* All our sessions must use TLS and the client's certificate. */
static void
assert_secure(const char *url)
{
	static const char *const programs[] = { "smartcity-fcgi",
		"smartcity-worker" };
	int i;

	for (i = 0; i < 2; i++)
		if (t_number(url,
			"SELECT CASE WHEN count(*) > 0 AND bool_and(ssl AND "
			"client_dn = '/CN=postgres') THEN 1 END "
			"FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) "
			"WHERE datname = current_database() "
			"AND application_name LIKE '%s%%'",
			programs[i]) != 1)
			fail_msg("%s: not all sessions use TLS", programs[i]);
}

static void
run_with(const char *hba, const char *query)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2", NULL };
	struct stack s;
	struct http h;

	if (postgres == 0)
		skip();
	shell_must("printf 'local all all trust\\n%s\\n' >pg/pg_hba.conf && "
		   "psql -qX -h $PWD -p %d -U postgres -d postgres "
		   "-c 'SELECT pg_reload_conf()'",
	    hba, port);
	snprintf(cluster, sizeof(cluster),
	    "postgresql://postgres@localhost:%d/postgres%s", port, query);
	setenv("TEST_DATABASE_URL", cluster, 1);
	stack_start(&s, settings);
	h = http_post(s.port, "/ingest/weather", "{}");
	assert_int_equal(h.status, 200);
	http_free(&h);
	assert_secure(s.url);
	/* A new certificate needs a reload. */
	shell_must(
	    "DATA_DIR=%s \"$OLDPWD/nginx/reload\" | grep -qx reloaded", s.dir);
	assert_secure(s.url);
	shell_must("cd %s/run/home/.postgresql && test "
		   "\"$(stat -c '%%U %%a' postgresql.key)\" = 'www-data 600'",
	    s.dir);
	stack_stop(&s);
}

#define SECURE "hostssl all all all trust clientcert=verify-ca"

static void
run__certificates_in_roots_home__verified_connections(void **state)
{
	(void)state;
	run_with(SECURE, "?sslmode=verify-full");
}

static void
run__default_sslmode_where_plaintext_is_allowed_too__tls(void **state)
{
	(void)state;
	run_with(SECURE "\\nhostnossl all all all trust", "");
}

/* Returns 0 if nginx/run refuses to start and says `text`. */
static int
refused(const char *query, const char *environment, const char *text)
{
	return shell("env %s DATA_DIR=$PWD/data BUILD=\"$TEST_BUILD\" PORT=%d "
		     "DATABASE_URL='postgresql://postgres@localhost:%d/x%s' "
		     "\"$OLDPWD/nginx/run\" >refused 2>&1; s=$?; cat refused; "
		     "grep -qF '%s' refused && test $s = 1 && test ! -e "
		     "data/run",
	    environment, stack_free_port(), port, query, text);
}

static void
run__named_file_that_the_programs_cannot_read__said_at_the_start(void **state)
{
	char query[256], environment[256], text[256];

	(void)state;
	if (postgres == 0)
		skip();
	snprintf(query, sizeof(query),
	    "?sslmode=verify-ca&sslrootcert=%s%%2F.postgresql/root.crt", home);
	snprintf(text, sizeof(text),
	    "run: sslrootcert: user www-data, as whom the pool and the worker "
	    "run, cannot read %s/.postgresql/root.crt",
	    home);
	assert_int_equal(refused(query, "A=b", text), 0);
	snprintf(environment, sizeof(environment),
	    "PGSSLKEY=%s/.postgresql/postgresql.key", home);
	snprintf(text, sizeof(text), "run: PGSSLKEY: user www-data,");
	assert_int_equal(refused("", environment, text), 0);
	assert_int_equal(refused("?sslrootcert=root.crt", "A=b",
			     "run: sslrootcert: the path must begin with /"),
	    0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(run__certificates_in_roots_home__verified_connections),
	cmocka_unit_test(
	    run__default_sslmode_where_plaintext_is_allowed_too__tls),
	cmocka_unit_test(
	    run__named_file_that_the_programs_cannot_read__said_at_the_start),
};

T_MAIN_WITH(tests, setup, teardown)
