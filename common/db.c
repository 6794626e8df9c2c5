#include "db.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "log.h"
#include "sqlstate.h"

enum {
	REASON_LEN = 512,
	TRIES = 3,
	CONNECT_MS = 3000
};

struct db {
	char *url;
	const char *program;
	int timeout_ms, limit_ms;
	PGconn *conn;       /* NULL: not connected */
	int failures;       /* connects in a row that failed */
	int64_t connect_at; /* steady ms before which none is tried */
	int64_t spent_us;   /* on statements */
	char reason[REASON_LEN];
	char sqlstate[6];
};

static void (*watcher)(enum db_error);

static const struct backoff reconnect = { 50, 2000, 20 };

/* What one try of a statement came to. */
enum outcome {
	DONE,    /* db->sqlstate says how */
	BROKEN,  /* the connection is gone, the statement's effect unknown */
	STALLED, /* no answer in time; the connection was given up */
};

/* SQLAlchemy names its driver in the scheme: postgresql+psycopg2://. */
static char *
plain_url(const char *url)
{
	const char *plus = strchr(url, '+'), *rest = strstr(url, "://");
	char *out;

	if (plus == NULL || rest == NULL || plus > rest)
		return strdup(url);
	if (asprintf(&out, "%.*s%s", (int)(plus - url), url, rest) < 0)
		return NULL;
	return out;
}

struct db *
db_new(const char *url, const char *program, int timeout_ms)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL || (db->url = plain_url(url)) == NULL) {
		free(db);
		return NULL;
	}
	db->program = program;
	db->timeout_ms = timeout_ms;
	snprintf(db->reason, sizeof(db->reason), "not connected yet");
	return db;
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
		watcher(sqlstate_error(db->sqlstate));
}

static void
disconnect(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
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

/* libpq's messages have several lines; the first says it. */
static void
set_reason(struct db *db, const char *sqlstate, const char *message)
{
	snprintf(
	    db->sqlstate, sizeof(db->sqlstate), "%s", sqlstate ? sqlstate : "");
	snprintf(db->reason, sizeof(db->reason), "%.*s",
	    (int)strcspn(message, "\n"), message);
}

/* Until the socket is ready; false at the deadline. */
static bool
wait_socket(struct db *db, short events, int64_t deadline)
{
	struct pollfd p = { .fd = PQsocket(db->conn), .events = events };
	int64_t left;
	int n;

	do {
		left = deadline - clock_steady_ms();
		if (left <= 0)
			return false;
		n = poll(&p, 1, (int)left);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return true;
}

/* Sends what is queued; reads meanwhile, or both sides could wait. */
static enum outcome
flush(struct db *db, int64_t deadline)
{
	int n;

	while ((n = PQflush(db->conn)) > 0) {
		if (!wait_socket(db, POLLIN | POLLOUT, deadline))
			return STALLED;
		if (!PQconsumeInput(db->conn))
			return BROKEN;
	}
	return n < 0 ? BROKEN : DONE;
}

/*
 * The server's answer to the one statement that was sent. When a bystander of
 * a crash, libpq returns an error without SQLSTATE while PQstatus still says
 * OK; both count as a broken connection.
 */
static enum outcome
await(struct db *db, PGresult **out)
{
	int64_t deadline = clock_steady_ms() + longest_wait(db);
	enum outcome outcome = flush(db, deadline);
	const char *state;
	PGresult *r;

	*out = NULL;
	while (outcome == DONE) {
		if (PQisBusy(db->conn)) {
			if (!wait_socket(db, POLLIN, deadline))
				return STALLED;
			if (!PQconsumeInput(db->conn))
				outcome = BROKEN;
			continue;
		}
		if ((r = PQgetResult(db->conn)) == NULL)
			break;
		PQclear(*out);
		*out = r;
	}
	/*
	 * CommandComplete comes before the commit: without the end of the
	 * conversation behind it, it promises nothing.
	 */
	if (*out == NULL || outcome != DONE)
		return BROKEN;
	if (PQresultStatus(*out) == PGRES_TUPLES_OK ||
	    PQresultStatus(*out) == PGRES_COMMAND_OK)
		return DONE;
	state = PQresultErrorField(*out, PG_DIAG_SQLSTATE);
	if (state == NULL || strncmp(state, "57P", 3) == 0 ||
	    PQstatus(db->conn) != CONNECTION_OK)
		return BROKEN;
	return DONE;
}

/* Turns one answer into db->sqlstate and db->reason; frees what is no rows. */
static enum outcome
settle(struct db *db, enum outcome outcome, PGresult **r)
{
	ExecStatusType status = PQresultStatus(*r);

	if (outcome == STALLED)
		set_reason(db, NULL, "no answer from the server in time");
	else if (*r == NULL ||
	    (outcome == BROKEN && PQresultErrorMessage(*r)[0] == '\0'))
		set_reason(db, NULL, PQerrorMessage(db->conn));
	else if (outcome == BROKEN ||
	    (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK))
		set_reason(db, PQresultErrorField(*r, PG_DIAG_SQLSTATE),
		    PQresultErrorMessage(*r));
	else {
		db->sqlstate[0] = '\0';
		return DONE;
	}
	PQclear(*r);
	*r = NULL;
	return outcome;
}

/* A name that the server does not know: this program is newer than it. */
static void
explain(struct db *db)
{
	static const char *const unknown[] = { "42P01", "42703", "42883" };
	char reason[REASON_LEN];
	size_t i;

	for (i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		if (strcmp(db->sqlstate, unknown[i]) == 0)
			break;
	if (i == sizeof(unknown) / sizeof(*unknown))
		return;
	snprintf(reason, sizeof(reason), "%s", db->reason);
	snprintf(db->reason, sizeof(db->reason),
	    "migrations are missing, up to %s: %.400s", query_schema(), reason);
}

static bool
prepare_all(struct db *db)
{
	PGresult *r;
	int q;

	for (q = 0; q < QUERY_COUNT; q++) {
		enum outcome outcome = BROKEN;

		r = NULL;
		if (PQsendPrepare(
			db->conn, query_name(q), query_text(q), 0, NULL))
			outcome = await(db, &r);
		if (settle(db, outcome, &r) != DONE || r == NULL) {
			explain(db);
			log_warn("db: cannot prepare %s: %s", query_name(q),
			    db->reason);
			return false;
		}
		PQclear(r);
	}
	return true;
}

static enum outcome
run_once(struct db *db, enum query q, bool prepared, int n,
    const char *const values[], PGresult **r)
{
	enum outcome outcome = BROKEN;
	int sent;

	*r = NULL;
	sent = prepared ? PQsendQueryPrepared(
			      db->conn, query_name(q), n, values, NULL, NULL, 0)
			: PQsendQueryParams(db->conn, query_text(q), n, NULL,
			      values, NULL, NULL, 0);
	if (sent)
		outcome = await(db, r);
	return settle(db, outcome, r);
}

/* A server that may forget what it acknowledged is no place for an event. */
static enum status
check_session(struct db *db)
{
	enum status status = STATUS_RETRY;
	char timeout[32];
	const char *const values[] = { timeout };
	PGresult *r;

	/* The server gives up first, so that the connection survives. */
	snprintf(timeout, sizeof(timeout), "%dms", db->timeout_ms * 2 / 3);
	if (run_once(db, Q_session, true, 1, values, &r) != DONE || r == NULL)
		return status;
	if (strcmp(PQgetvalue(r, 0, 7), "on") == 0 &&
	    strcmp(PQgetvalue(r, 0, 8), "on") == 0) {
		status = STATUS_OK;
	} else {
		set_reason(db, NULL,
		    "refused: the server runs with fsync or full_page_writes "
		    "off and may lose acknowledged events");
		status = STATUS_FAULT;
	}
	PQclear(r);
	return status;
}

static void
ignore_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

/*
 * What libpq cannot take apart it quotes in its message, password and all; and
 * an @ in a password that was not written %40 makes its end part of the host.
 */
static bool
may_be_quoted(const char *url)
{
	PQconninfoOption *all, *o;
	bool may;

	if (strstr(url, "://") == NULL && strchr(url, '=') == NULL)
		return true; /* a database's name */
	all = PQconninfoParse(url, NULL);
	may = all != NULL;
	for (o = all; may && o->keyword != NULL; o++)
		may = o->val == NULL || strcmp(o->keyword, "host") != 0 ||
		    strchr(o->val, '@') == NULL;
	PQconninfoFree(all);
	return may;
}

/* libpq's own limit on a connection is never less than two seconds. */
static void
wait_connected(struct db *db)
{
	int wait = longest_wait(db);
	int64_t deadline =
	    clock_steady_ms() + (wait < CONNECT_MS ? wait : CONNECT_MS);
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		if (!wait_socket(db,
			want == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			deadline))
			return;
		want = PQconnectPoll(db->conn);
	}
}

static enum status
open_session(struct db *db)
{
	/* The URL comes last and wins over these. */
	const char *const names[] = { "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout",
		"fallback_application_name", "dbname", NULL };
	const char *const values[] = { "10", "5", "3", "10000", db->program,
		db->url, NULL };

	db->conn = PQconnectStartParams(names, values, 1);
	if (db->conn == NULL)
		return STATUS_FAULT;
	if (PQstatus(db->conn) != CONNECTION_BAD)
		wait_connected(db);
	PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		set_reason(db, NULL,
		    PQstatus(db->conn) != CONNECTION_BAD
			? "no connection in time"
			: may_be_quoted(db->url)
			? PQerrorMessage(db->conn)
			: "DATABASE_URL is not understood; in a password, @ "
			  "is written %40");
		return STATUS_RETRY;
	}
	if (PQsetnonblocking(db->conn, 1) != 0)
		return STATUS_FAULT;
	if (!prepare_all(db))
		return STATUS_RETRY;
	return check_session(db);
}

enum status
db_connect(struct db *db)
{
	enum status status;

	if (db->conn != NULL)
		return STATUS_OK;
	if (clock_steady_ms() < db->connect_at)
		return STATUS_RETRY;
	status = open_session(db);
	if (status == STATUS_OK) {
		log_info("db: connected, server %d", PQserverVersion(db->conn));
		db->failures = 0;
		return status;
	}
	log_warn("db: cannot connect: %s", db->reason);
	tell_watcher(db);
	disconnect(db);
	db->failures++;
	db->connect_at = clock_steady_ms() +
	    backoff_ms(&reconnect, db->failures,
		(uint32_t)(clock_wall_us() ^ getpid()));
	return status;
}

/* What a try leaves to do: another one on this or on a new connection. */
static bool
may_run_again(struct db *db, enum outcome outcome)
{
	if (outcome == BROKEN)
		return true;
	/* A deadlock or serialization failure changed nothing. */
	if (strncmp(db->sqlstate, "40", 2) == 0)
		return true;
	/* 0A000, 26000: a migration or a pooler made the plan stale. */
	if (strcmp(db->sqlstate, "26000") == 0 ||
	    strcmp(db->sqlstate, "0A000") == 0) {
		disconnect(db);
		return true;
	}
	return false;
}

static enum status
try(struct db *db, enum query q, bool prepared, int n,
    const char *const values[], PGresult **out)
{
	enum outcome outcome;
	enum status status;
	PGresult *r;
	int i;

	for (i = 0; i < TRIES; i++) {
		if ((status = db_connect(db)) != STATUS_OK)
			return status;
		outcome = run_once(db, q, prepared, n, values, &r);
		if (r != NULL) {
			if (out != NULL)
				*out = r;
			else
				PQclear(r);
			return STATUS_OK;
		}
		if (outcome != DONE)
			disconnect(db);
		if (!may_run_again(db, outcome))
			break;
	}
	status = sqlstate_status(db->sqlstate);
	/* 23505 is an answer here: the caller made the id and knows. */
	if (strcmp(db->sqlstate, "23505") != 0) {
		log_warn(
		    "db: %s: %s %s", query_name(q), db->sqlstate, db->reason);
		tell_watcher(db);
	}
	return status;
}

static enum status
run(struct db *db, enum query q, bool prepared, int n,
    const char *const values[], PGresult **out)
{
	int64_t began = clock_steady_us();
	enum status status = try(db, q, prepared, n, values, out);

	db->spent_us += clock_steady_us() - began;
	return status;
}

enum status
db_run(struct db *db, enum query q, int n, const char *const values[],
    struct pg_result **out)
{
	return run(db, q, true, n, values, out);
}

enum status
db_run_planned(struct db *db, enum query q, int n, const char *const values[],
    struct pg_result **out)
{
	return run(db, q, false, n, values, out);
}

const char *
db_reason(const struct db *db)
{
	return db->reason;
}

const char *
db_sqlstate(const struct db *db)
{
	return db->sqlstate;
}

int64_t
db_spent_us(const struct db *db)
{
	return db == NULL ? 0 : db->spent_us;
}

int
db_rows(const struct pg_result *r)
{
	return PQntuples(r);
}

const char *
db_value(const struct pg_result *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

bool
db_is_true(const struct pg_result *r, int row, int column)
{
	const char *v = db_value(r, row, column);

	return v != NULL && v[0] == 't';
}

void
db_result_free(struct pg_result *r)
{
	PQclear(r);
}
