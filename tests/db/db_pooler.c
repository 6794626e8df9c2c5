/*
 * Behind PgBouncer: session mode works, transaction mode is refused.
 */
#include "t.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster.h"
#include "db.h"
#include "stack.h"
#include "store_event.h"

static struct cluster cluster;
static pid_t pooler;
static int port;

static int
setup(void **state)
{
	(void)state;
	cluster_open(&cluster);
	return 0;
}

static void
stop_pooler(void)
{
	if (pooler <= 0)
		return;
	kill(pooler, SIGKILL);
	waitpid(pooler, NULL, 0);
	pooler = 0;
}

static int
teardown(void **state)
{
	(void)state;
	stop_pooler();
	cluster_remove(&cluster);
	return 0;
}

static bool
is_there(void *arg)
{
	char command[128];

	(void)arg;
	snprintf(command, sizeof(command),
	    "pg_isready -q -h 127.0.0.1 -p %d >/dev/null", port);
	return system(command) == 0;
}

/* PgBouncer refuses to run as root, and takes its options from a file only. */
static void
start_pooler(const char *mode)
{
	char script[1024], file[96];

	port = stack_free_port();
	snprintf(script, sizeof(script),
	    "printf '%%s\\n' '[databases]' 'smartcity = host=127.0.0.1 "
	    "port=%d' "
	    "'[pgbouncer]' 'listen_addr = 127.0.0.1' 'listen_port = %d' "
	    "'unix_socket_dir =' 'auth_type = any' 'pool_mode = %s' "
	    "'default_pool_size = 20' 'logfile = %s/pooler.log' >pooler.ini && "
	    "sed -i 's/^\\(smartcity = .*\\)/\\1 user=postgres/' pooler.ini && "
	    "chmod 644 pooler.ini",
	    cluster.port, port, mode, cluster.dir);
	cluster_shell(&cluster, script);
	snprintf(file, sizeof(file), "%s/pooler.ini", cluster.dir);
	if ((pooler = fork()) == 0) {
		if (geteuid() == 0)
			execl("/usr/bin/setpriv", "setpriv", "--reuid",
			    "postgres", "--regid", "postgres", "--init-groups",
			    "/usr/sbin/pgbouncer", "-q", file, (char *)NULL);
		else
			execl("/usr/sbin/pgbouncer", "pgbouncer", "-q", file,
			    (char *)NULL);
		_exit(127);
	}
	stack_wait(is_there, NULL, "PgBouncer is ready");
}

static struct db *
open_db(void)
{
	char pooled[128];
	struct db *db;

	snprintf(pooled, sizeof(pooled),
	    "postgresql://postgres@127.0.0.1:%d/smartcity", port);
	db = db_new(pooled, "test", 3000);
	assert_non_null(db);
	return db;
}

static void
store_one(struct db *db)
{
	struct event event = store_send_as(db, id_new(), "x", "{}", NULL);

	assert_int_equal(event.end, EVENT_STORED);
	event_free(&event);
}

static void
pooler__session_mode__as_without_it(void **state)
{
	struct db *db[4];
	size_t i, n = sizeof(db) / sizeof(*db);

	(void)state;
	start_pooler("session");
	for (i = 0; i < n; i++)
		assert_int_equal(db_connect(db[i] = open_db()), STATUS_OK);
	for (i = 0; i < 3 * n; i++) {
		store_one(db[i % n]);
		assert_false(db_was_repeated(db[i % n]));
	}
	for (i = 0; i < n; i++)
		db_free(db[i]);
	/* The server session has been used by another client before. */
	db[0] = open_db();
	store_one(db[0]);
	db_free(db[0]);
	stop_pooler();
}

static void
pooler__transaction_mode__refused_with_the_remedy(void **state)
{
	char command[512];
	struct db *db;

	(void)state;
	start_pooler("transaction");
	db = open_db();
	assert_int_equal(db_connect(db), STATUS_FAULT);
	assert_non_null(strstr(db_reason(db),
	    "a pooler gives each transaction another session; set PgBouncer's "
	    "pool_mode to session"));
	db_free(db);
	snprintf(command, sizeof(command),
	    "cd %s && "
	    "DATABASE_URL=postgresql://postgres@127.0.0.1:%d/smartcity "
	    "\"$TEST_BUILD\"/smartcity-fcgi --check 2>refused; [ $? -eq 78 ] "
	    "&& "
	    "grep -q '^smartcity-fcgi: DATABASE_URL: refused: a pooler' "
	    "refused",
	    cluster.dir, port);
	assert_int_equal(system(command), 0);
	stop_pooler();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(pooler__session_mode__as_without_it),
	cmocka_unit_test(pooler__transaction_mode__refused_with_the_remedy),
};

T_MAIN_WITH(tests, setup, teardown)
