#include "stream_taken.h"

#include <libpq-fe.h>

#include "buf.h"
#include "db.h"

PGconn *taken_other;

int
taken_open(void **state)
{
	database_make(state);
	t_exec(url,
	    "CREATE SEQUENCE puts;"
	    "CREATE FUNCTION put(name text, body json DEFAULT '{}') RETURNS "
	    "uuid"
	    " LANGUAGE sql AS $$"
	    " INSERT INTO events (id, service, \"timestamp\", payload)"
	    " VALUES ((left(uuid_v7_floor(clock_timestamp())::text, 14)"
	    "  || '7' || lpad(to_hex(nextval('puts')), 3, '0')"
	    "  || right(gen_random_uuid()::text, 18))::uuid,"
	    "  name, now(), body) RETURNING id $$;"
	    "CREATE TABLE told (id uuid, taker int, n serial)");
	database = db_new(url, "test", 5000);
	taken_other = PQconnectdb(url);
	return database == NULL || PQstatus(taken_other) != CONNECTION_OK;
}

int
taken_close(void **state)
{
	PQfinish(taken_other);
	database_drop(state);
	return 0;
}

struct pg_result *
taken_take(int events, int bytes)
{
	char n[16], room[16];
	const char *const values[] = { "s", n, room };
	struct pg_result *r = NULL;

	snprintf(n, sizeof(n), "%d", events);
	snprintf(room, sizeof(room), "%d", bytes);
	assert_int_equal(
	    db_run(database, Q_stream_take, values, &r), STATUS_OK);
	return r;
}

void
taken_expect(int events, int bytes, const char *services, bool skipped)
{
	struct pg_result *r = taken_take(events, bytes);
	char got[1024] = "";
	const char *name;
	size_t n = 0;
	int i;

	for (i = 0; i < pg_rows(r); i++) {
		name = pg_value(r, i, 3);
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s",
		    i > 0 ? "," : "", name != NULL ? name : "-");
		assert_int_equal(pg_is_true(r, i, 2), skipped);
		assert_int_equal(name == NULL, pg_value(r, i, 4) == NULL);
	}
	assert_string_equal(got, services);
	pg_free(r);
}

int
taken_begin(void **state)
{
	(void)state;
	t_exec(url, "TRUNCATE events, streams, told");
	pg_free(taken_take(100, 100000));
	return 0;
}

void
taken_put(const char *service)
{
	t_exec(url, "SELECT put('%s')", service);
}

void
taken_in_other(const char *sql)
{
	PGresult *r = PQexec(taken_other, sql);

	if (PQresultStatus(r) != PGRES_COMMAND_OK &&
	    PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(taken_other));
	PQclear(r);
}

const char *
taken_pass(const char *moment)
{
	static char present[32];
	const char *const values[] = { "s", moment };
	struct pg_result *r = NULL;

	assert_int_equal(
	    db_run(database, Q_stream_pass, values, &r), STATUS_OK);
	snprintf(present, sizeof(present), "%s", pg_value(r, 0, 0));
	pg_free(r);
	return present;
}
