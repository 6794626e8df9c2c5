#include "db.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "log.h"
#include "sqlstate.h"

enum {
	TRIES = 3,
	CHECK_MS = 10000
};

struct db {
	char *url;
	const char *program;
	int timeout_ms, limit_ms;
	struct pg *pg;             /* NULL: not connected */
	int failures;              /* failed connects in a row */
	int64_t connect_at;        /* steady ms of the earliest next connect */
	int64_t check_at;          /* steady ms of the server's next check */
	int64_t spent_us;          /* time spent on statements */
	bool repeated;             /* the last statement ran more than once */
	bool keeps_denials;        /* the caller logs missing rights */
	struct pg_trouble trouble; /* why the last call failed */
};

static void (*watcher)(enum db_error);

static const struct backoff reconnect = { 50, 2000, 20 };

struct db *
db_new(const char *url, const char *program, int timeout_ms)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL || (db->url = strdup(url)) == NULL) {
		free(db);
		return NULL;
	}
	db->program = program;
	db->timeout_ms = timeout_ms;
	snprintf(db->trouble.reason, sizeof(db->trouble.reason),
	    "not connected yet");
	return db;
}

void
db_set_timeout(struct db *db, int timeout_ms)
{
	db->timeout_ms = timeout_ms;
}

void
db_limit(struct db *db, int limit_ms)
{
	db->limit_ms = limit_ms;
}

static int
longest_wait(const struct db *db)
{
	return db->limit_ms > 0 && db->limit_ms < db->timeout_ms
	    ? db->limit_ms
	    : db->timeout_ms;
}

void
db_watch(void (*failed)(enum db_error))
{
	watcher = failed;
}

static void
tell_watcher(const struct db *db)
{
	if (watcher != NULL)
		watcher(sqlstate_error(db->trouble.sqlstate));
}

static void
disconnect(struct db *db)
{
	pg_close(db->pg);
	db->pg = NULL;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	disconnect(db);
	free(db->url);
	free(db);
}

/*
 * Is there a connection to a server that is fit to store events? If it is unfit
 * now, disconnects: another server can have its address or its role.
 */
static bool
is_connected(struct db *db)
{
	if (db->pg == NULL)
		return false;
	if (clock_steady_ms() < db->check_at)
		return true;
	db->check_at = clock_steady_ms() + CHECK_MS;
	if (pg_check(db->pg, db->timeout_ms, longest_wait(db)) == STATUS_OK)
		return true;
	log_warn("db: disconnected from its server: %s", db->trouble.reason);
	disconnect(db);
	return false;
}

enum status
db_connect(struct db *db)
{
	enum status status;

	if (is_connected(db))
		return STATUS_OK;
	if (clock_steady_ms() < db->connect_at)
		return STATUS_RETRY;
	status = pg_open(&db->pg, db->url, db->program, db->timeout_ms,
	    longest_wait(db), &db->trouble);
	if (status == STATUS_OK) {
		db->failures = 0;
		db->check_at = clock_steady_ms() + CHECK_MS;
		return status;
	}
	log_warn("db: cannot connect: %s", db->trouble.reason);
	tell_watcher(db);
	db->failures++;
	db->connect_at = clock_steady_ms() +
	    backoff_ms(&reconnect, db->failures,
		(uint32_t)(clock_wall_us() ^ getpid()));
	return status;
}

/* Whether the statement can be run again, on this or on a new connection. */
static bool
may_run_again(struct db *db, enum pg_end end)
{
	if (end == PG_BROKEN)
		return true;
	/* A deadlock or serialization failure changed nothing. */
	if (strncmp(db->trouble.sqlstate, "40", 2) == 0)
		return true;
	/*
	 * 0A000, 26000: a migration or a pooler made the plan stale. 25006:
	 * this server is read-only now, and another one can have its address.
	 */
	if (strcmp(db->trouble.sqlstate, "26000") == 0 ||
	    strcmp(db->trouble.sqlstate, "0A000") == 0 ||
	    strcmp(db->trouble.sqlstate, "25006") == 0) {
		disconnect(db);
		return true;
	}
	return false;
}

static enum status
try(struct db *db, enum query q, const struct pg_args *args,
    struct pg_result **out)
{
	struct pg_result *r;
	enum status status;
	enum pg_end end;
	int i;

	for (i = 0; i < TRIES; i++) {
		db->repeated = i > 0;
		/* Also for an unfit server, since an operator can mend it. */
		if (db_connect(db) != STATUS_OK)
			return STATUS_RETRY;
		if (!pg_set_timeout(db->pg, db->timeout_ms, longest_wait(db))) {
			disconnect(db);
			continue;
		}
		end = pg_run(db->pg, q, args, longest_wait(db), &r);
		if (r != NULL) {
			if (out != NULL)
				*out = r;
			else
				pg_free(r);
			return STATUS_OK;
		}
		if (end != PG_ANSWERED)
			disconnect(db);
		if (!may_run_again(db, end))
			break;
	}
	status = sqlstate_status(db->trouble.sqlstate);
	/* A duplicate key (23505) is no failure: the caller handles it. */
	if (strcmp(db->trouble.sqlstate, "23505") != 0) {
		if (!db->keeps_denials ||
		    strcmp(db->trouble.sqlstate, "42501") != 0)
			log_warn("db: %s: %s %s", query_name(q),
			    db->trouble.sqlstate, db->trouble.reason);
		tell_watcher(db);
	}
	return status;
}

static enum status
run(struct db *db, enum query q, const struct pg_args *args,
    struct pg_result **out)
{
	int64_t began = clock_steady_us();
	enum status status = try(db, q, args, out);

	db->spent_us += clock_steady_us() - began;
	return status;
}

enum status
db_run(struct db *db, enum query q, const char *const values[],
    struct pg_result **out)
{
	return run(db, q, &(struct pg_args){ .values = values }, out);
}

enum status
db_run_planned(struct db *db, enum query q, const char *const values[],
    struct pg_result **out)
{
	const struct pg_args args = { .values = values, .way = PG_PLANNED };

	return run(db, q, &args, out);
}

enum status
db_run_kept(struct db *db, enum query q, const char *const values[], int open,
    struct pg_result **out)
{
	const struct pg_args args = {
		.values = values, .way = PG_KEPT, .open = open
	};

	return run(db, q, &args, out);
}

static enum status
fail(struct db *db, enum query q, const char *reason)
{
	db->trouble.sqlstate[0] = '\0';
	snprintf(db->trouble.reason, sizeof(db->trouble.reason), "%s", reason);
	log_warn("db: %s: %s", query_name(q), reason);
	return STATUS_FAULT;
}

enum status
db_run_binary(struct db *db, enum query q, const struct buf values[],
    bool planned, struct pg_result **out)
{
	const char *data[PG_BINARY_MAX];
	int i, lengths[PG_BINARY_MAX], n = query_args(q);
	const struct pg_args args = { data, lengths,
		planned ? PG_PLANNED : PG_PREPARED, 0 };

	assert(n <= PG_BINARY_MAX);
	for (i = 0; i < n; i++) {
		if (values[i].failed || values[i].len > INT_MAX)
			return fail(db, q, "no memory for its parameters");
		data[i] = values[i].data;
		lengths[i] = (int)values[i].len;
	}
	return run(db, q, &args, out);
}

void
db_rest(struct db *db)
{
	if (db == NULL || db->pg == NULL || !pg_is_swollen(db->pg))
		return;
	disconnect(db);
	/* A failure was logged; the next statement tries again. */
	if (db_connect(db) == STATUS_OK)
		log_debug("db: connected anew, after large statements");
}

void
db_keep_denials(struct db *db)
{
	db->keeps_denials = true;
}

const char *
db_role(const struct db *db)
{
	return db->pg != NULL ? pg_role(db->pg) : "?";
}

const char *
db_reason(const struct db *db)
{
	return db->trouble.reason;
}

const char *
db_sqlstate(const struct db *db)
{
	return db->trouble.sqlstate;
}

bool
db_was_repeated(const struct db *db)
{
	return db->repeated;
}

int64_t
db_spent_us(const struct db *db)
{
	return db == NULL ? 0 : db->spent_us;
}
