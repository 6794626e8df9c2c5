/*
 * Tests to which of a URL's servers a connection is made, and how soon.
 */
#include "t.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "cluster.h"
#include "database.h"
#include "db.h"
#include "stack.h"

static struct cluster primary, standby;
static int silent; /* port that accepts and sends nothing */
static enum db_error told;

/*
 * Resolves the name two.test to two addresses, the silent one first. Replaces
 * the C library's function, for this program and for libpq.
 */
int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	struct addrinfo *last;
	int rc;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (node == NULL || strcmp(node, "two.test") != 0)
		return real(node, service, hints, out);
	if ((rc = real("127.0.0.2", service, hints, out)) != 0)
		return rc;
	for (last = *out; last->ai_next != NULL;)
		last = last->ai_next;
	return real("127.0.0.1", service, hints, &last->ai_next);
}

static int
listen_silently(const char *address, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 100), 0);
	return fd;
}

static void
note_error(enum db_error error)
{
	told = error;
}

static int
setup(void **state)
{
	(void)state;
	cluster_open(&primary);
	cluster_copy(&standby, &primary);
	cluster_start(&standby, "");
	silent = listen_silently("127.0.0.2", primary.port);
	db_watch(note_error);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(silent);
	cluster_remove(&standby);
	cluster_remove(&primary);
	return 0;
}

/* hosts and ports: libpq's lists. */
static struct db *
db_at(const char *hosts, const char *ports)
{
	char list[512];
	struct db *db;

	snprintf(list, sizeof(list),
	    "user=postgres dbname=smartcity host='%s' port='%s'", hosts, ports);
	db = db_new(list, "test", 3000);
	assert_non_null(db);
	return db;
}

static void
assert_connects_soon(const char *hosts, const char *ports)
{
	struct db *db = db_at(hosts, ports);
	int64_t began = clock_steady_ms();

	assert_int_equal(database_beat(db), STATUS_OK);
	/* The silent server gets half of the three seconds. */
	assert_in_range(clock_steady_ms() - began, 1000, 9000);
	db_free(db);
}

static void
hosts__first_accepts_and_says_nothing__second_within_its_share(void **state)
{
	char ports[32];

	(void)state;
	snprintf(ports, sizeof(ports), "%d", primary.port);
	assert_connects_soon("127.0.0.2,127.0.0.1", ports);
}

/* As most people write several hosts, some without a port. */
static void
hosts__uri_of_several__each_with_or_without_a_port(void **state)
{
	char uri[2][256];
	struct db *db;
	size_t i;

	(void)state;
	snprintf(uri[0], sizeof(uri[0]),
	    "postgresql://postgres@127.0.0.3,127.0.0.1:%d/smartcity",
	    primary.port);
	snprintf(uri[1], sizeof(uri[1]),
	    "postgresql://postgres@127.0.0.1:%d,127.0.0.3/smartcity",
	    primary.port);
	for (i = 0; i < 2; i++) {
		assert_non_null(db = db_new(uri[i], "test", 3000));
		assert_int_equal(database_beat(db), STATUS_OK);
		db_free(db);
	}
	assert_non_null(
	    db = db_new("postgresql://u@127.0.0.3,127.0.0.4/x", "t", 500));
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_non_null(strstr(db_reason(db), "port 5432 failed: "));
	db_free(db);
}

static void
hosts__name_with_a_silent_address__its_other_address(void **state)
{
	char ports[32];

	(void)state;
	snprintf(ports, sizeof(ports), "%d", primary.port);
	assert_connects_soon("two.test", ports);
}

static void
hosts__all_silent__reason_names_one_and_the_time_is_bounded(void **state)
{
	struct db *db;
	char ports[32];
	int64_t began = clock_steady_ms();

	(void)state;
	snprintf(ports, sizeof(ports), "%d", primary.port);
	db = db_at("127.0.0.2,127.0.0.2", ports);
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_in_range(clock_steady_ms() - began, 2900, 9000);
	assert_non_null(strstr(
	    db_reason(db), "no connection in time to 127.0.0.2, 127.0.0.2"));
	assert_int_equal(told, DB_ERROR_CONNECTION);
	db_free(db);
}

static void
hosts__standby_before_primary__primary(void **state)
{
	char ports[32];
	struct db *db;

	(void)state;
	snprintf(ports, sizeof(ports), "%d,%d", standby.port, primary.port);
	db = db_at("127.0.0.1,127.0.0.1", ports);
	assert_int_equal(database_beat(db), STATUS_OK);
	db_free(db);
}

static void
hosts__standby_alone__refused_as_read_only(void **state)
{
	char ports[32];
	struct db *db;

	(void)state;
	snprintf(ports, sizeof(ports), "%d", standby.port);
	db = db_at("127.0.0.1", ports);
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_string_equal(
	    db_reason(db), "it is a standby and takes no events");
	assert_int_equal(told, DB_ERROR_READ_ONLY);
	db_free(db);
}

/* The operator must learn of the primary, not of the standby beside it. */
static void
hosts__primary_away_beside_a_standby__reason_is_the_primarys(void **state)
{
	char ports[32];
	struct db *db;

	(void)state;
	snprintf(ports, sizeof(ports), "%d,1", standby.port);
	db = db_at("127.0.0.1,127.0.0.1", ports);
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_non_null(strstr(db_reason(db), "port 1 failed: "));
	assert_int_equal(told, DB_ERROR_CONNECTION);
	db_free(db);
}

static bool
is_back(void *arg)
{
	return database_beat(arg) == STATUS_OK;
}

/* Stands for a virtual address: the same path leads to another server. */
static void
lead_to(const char *path, const struct cluster *c)
{
	char next[128];

	snprintf(next, sizeof(next), "%s.next", path);
	assert_int_equal(symlink(c->dir, next), 0);
	assert_int_equal(rename(next, path), 0);
}

static void
hosts__address_moves_from_standby_to_primary__followed(void **state)
{
	char path[128], port[16];
	struct db *db;

	(void)state;
	/* The names of both sockets must be the same. */
	cluster_stop(&standby);
	standby.port = primary.port;
	cluster_start(&standby, "-c listen_addresses=");
	snprintf(path, sizeof(path), "%s/address", primary.dir);
	snprintf(port, sizeof(port), "%d", primary.port);
	lead_to(path, &standby);
	db = db_at(path, port);
	assert_int_equal(database_beat(db), STATUS_RETRY);
	assert_int_equal(told, DB_ERROR_READ_ONLY);
	lead_to(path, &primary);
	stack_wait(is_back, db, "the primary is found");
	db_free(db);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    hosts__first_accepts_and_says_nothing__second_within_its_share),
	cmocka_unit_test(hosts__uri_of_several__each_with_or_without_a_port),
	cmocka_unit_test(hosts__name_with_a_silent_address__its_other_address),
	cmocka_unit_test(
	    hosts__all_silent__reason_names_one_and_the_time_is_bounded),
	cmocka_unit_test(hosts__standby_before_primary__primary),
	cmocka_unit_test(hosts__standby_alone__refused_as_read_only),
	cmocka_unit_test(
	    hosts__primary_away_beside_a_standby__reason_is_the_primarys),
	cmocka_unit_test(
	    hosts__address_moves_from_standby_to_primary__followed),
};

T_MAIN_WITH(tests, setup, teardown)
