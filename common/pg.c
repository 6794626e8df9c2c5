#include "pg.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

enum {
	CONNECT_MS = 3000
};

struct pg {
	PGconn *conn;
	struct pg_trouble *trouble; /* the caller's */
	int wait_ms;                /* for what is under way */
};

/* libpq's messages have several lines; the first says it. */
static void
set_reason(struct pg *pg, const char *sqlstate, const char *message)
{
	struct pg_trouble *t = pg->trouble;

	snprintf(t->sqlstate, sizeof(t->sqlstate), "%s",
	    sqlstate != NULL ? sqlstate : "");
	snprintf(t->reason, sizeof(t->reason), "%.*s",
	    (int)strcspn(message, "\n"), message);
}

/* Until the socket is ready; false at the deadline. */
static bool
wait_socket(struct pg *pg, short events, int64_t deadline)
{
	struct pollfd p = { .fd = PQsocket(pg->conn), .events = events };
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
static enum pg_end
flush(struct pg *pg, int64_t deadline)
{
	int n;

	while ((n = PQflush(pg->conn)) > 0) {
		if (!wait_socket(pg, POLLIN | POLLOUT, deadline))
			return PG_STALLED;
		if (!PQconsumeInput(pg->conn))
			return PG_BROKEN;
	}
	return n < 0 ? PG_BROKEN : PG_ANSWERED;
}

/*
 * The server's answer to the one statement that was sent. When a bystander of
 * a crash, libpq returns an error without SQLSTATE while PQstatus still says
 * OK; both count as a broken connection.
 */
static enum pg_end
await(struct pg *pg, PGresult **out)
{
	int64_t deadline = clock_steady_ms() + pg->wait_ms;
	enum pg_end end = flush(pg, deadline);
	const char *state;
	PGresult *r;

	*out = NULL;
	while (end == PG_ANSWERED) {
		if (PQisBusy(pg->conn)) {
			if (!wait_socket(pg, POLLIN, deadline))
				return PG_STALLED;
			if (!PQconsumeInput(pg->conn))
				end = PG_BROKEN;
			continue;
		}
		if ((r = PQgetResult(pg->conn)) == NULL)
			break;
		PQclear(*out);
		*out = r;
	}
	/*
	 * CommandComplete comes before the commit: without the end of the
	 * conversation behind it, it promises nothing.
	 */
	if (*out == NULL || end != PG_ANSWERED)
		return PG_BROKEN;
	if (PQresultStatus(*out) == PGRES_TUPLES_OK ||
	    PQresultStatus(*out) == PGRES_COMMAND_OK)
		return PG_ANSWERED;
	state = PQresultErrorField(*out, PG_DIAG_SQLSTATE);
	if (state == NULL || strncmp(state, "57P", 3) == 0 ||
	    PQstatus(pg->conn) != CONNECTION_OK)
		return PG_BROKEN;
	return PG_ANSWERED;
}

/* Turns one answer into the trouble it is, if any; frees what is no rows. */
static enum pg_end
settle(struct pg *pg, enum pg_end end, PGresult **r)
{
	ExecStatusType status = PQresultStatus(*r);

	if (end == PG_STALLED)
		set_reason(pg, NULL, "no answer from the server in time");
	else if (*r == NULL ||
	    (end == PG_BROKEN && PQresultErrorMessage(*r)[0] == '\0'))
		set_reason(pg, NULL, PQerrorMessage(pg->conn));
	else if (end == PG_BROKEN ||
	    (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK))
		set_reason(pg, PQresultErrorField(*r, PG_DIAG_SQLSTATE),
		    PQresultErrorMessage(*r));
	else {
		pg->trouble->sqlstate[0] = '\0';
		return PG_ANSWERED;
	}
	PQclear(*r);
	*r = NULL;
	return end;
}

/* A name that the server does not know: this program is newer than it. */
static void
explain(struct pg_trouble *t)
{
	static const char *const unknown[] = { "42P01", "42703", "42883" };
	char reason[sizeof(t->reason)];
	size_t i;

	for (i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		if (strcmp(t->sqlstate, unknown[i]) == 0)
			break;
	if (i == sizeof(unknown) / sizeof(*unknown))
		return;
	snprintf(reason, sizeof(reason), "%s", t->reason);
	snprintf(t->reason, sizeof(t->reason),
	    "migrations are missing, up to %s: %.400s", query_schema(), reason);
}

static bool
prepare_all(struct pg *pg)
{
	PGresult *r;
	int q;

	for (q = 0; q < QUERY_COUNT; q++) {
		enum pg_end end = PG_BROKEN;

		r = NULL;
		if (PQsendPrepare(
			pg->conn, query_name(q), query_text(q), 0, NULL))
			end = await(pg, &r);
		if (settle(pg, end, &r) != PG_ANSWERED || r == NULL) {
			explain(pg->trouble);
			log_warn("db: cannot prepare %s: %s", query_name(q),
			    pg->trouble->reason);
			return false;
		}
		PQclear(r);
	}
	return true;
}

enum pg_end
pg_run(struct pg *pg, enum query q, bool prepared, int n,
    const char *const values[], int wait_ms, struct pg_result **out)
{
	enum pg_end end = PG_BROKEN;
	int sent;

	*out = NULL;
	pg->wait_ms = wait_ms;
	sent = prepared ? PQsendQueryPrepared(
			      pg->conn, query_name(q), n, values, NULL, NULL, 0)
			: PQsendQueryParams(pg->conn, query_text(q), n, NULL,
			      values, NULL, NULL, 0);
	if (sent)
		end = await(pg, out);
	return settle(pg, end, out);
}

/* A server that may forget what it acknowledged is no place for an event. */
static enum status
begin_session(struct pg *pg, int timeout_ms)
{
	enum status status = STATUS_RETRY;
	char timeout[32];
	const char *const values[] = { timeout };
	PGresult *r;

	/* The server gives up first, so that the connection survives. */
	snprintf(timeout, sizeof(timeout), "%dms", timeout_ms * 2 / 3);
	if (pg_run(pg, Q_session, true, 1, values, pg->wait_ms, &r) !=
		PG_ANSWERED ||
	    r == NULL)
		return status;
	if (strcmp(PQgetvalue(r, 0, 7), "on") == 0 &&
	    strcmp(PQgetvalue(r, 0, 8), "on") == 0) {
		status = STATUS_OK;
	} else {
		set_reason(pg, NULL,
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
 * What libpq cannot take apart it quotes in its message, password and all. What
 * is neither a URI nor name=value is a database's name to it.
 */
static bool
is_understood(const char *url)
{
	PQconninfoOption *all;

	if (strstr(url, "://") == NULL && strchr(url, '=') == NULL)
		return true;
	all = PQconninfoParse(url, NULL);
	PQconninfoFree(all);
	return all != NULL;
}

/* An @ that was not written %40 makes the end of a password part of the host.
 */
static bool
may_be_quoted(const char *url)
{
	PQconninfoOption *all = PQconninfoParse(url, NULL), *o;
	bool may = true;

	for (o = all; o != NULL && o->keyword != NULL; o++)
		may = may &&
		    (o->val == NULL || strcmp(o->keyword, "host") != 0 ||
			strchr(o->val, '@') == NULL);
	PQconninfoFree(all);
	return may;
}

/* libpq's own limit on a connection is never less than two seconds. */
static void
wait_connected(struct pg *pg)
{
	int wait = pg->wait_ms;
	int64_t deadline =
	    clock_steady_ms() + (wait < CONNECT_MS ? wait : CONNECT_MS);
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		if (!wait_socket(pg,
			want == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			deadline))
			return;
		want = PQconnectPoll(pg->conn);
	}
}

static enum status
log_in(struct pg *pg, const char *url, const char *program)
{
	/* The URL comes last and wins over these. */
	const char *const names[] = { "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout",
		"fallback_application_name", "dbname", NULL };
	const char *const values[] = { "10", "5", "3", "10000", program, url,
		NULL };

	if (!is_understood(url)) {
		set_reason(pg, NULL, "it is no libpq URI or conninfo string");
		return STATUS_FAULT;
	}
	pg->conn = PQconnectStartParams(names, values, 1);
	if (pg->conn == NULL)
		return STATUS_FAULT;
	if (PQstatus(pg->conn) != CONNECTION_BAD)
		wait_connected(pg);
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	if (PQstatus(pg->conn) == CONNECTION_OK)
		return PQsetnonblocking(pg->conn, 1) == 0 ? STATUS_OK
							  : STATUS_FAULT;
	set_reason(pg, NULL,
	    PQstatus(pg->conn) != CONNECTION_BAD ? "no connection in time"
		: may_be_quoted(url)
		? PQerrorMessage(pg->conn)
		: "there is no such host; in a password, @ is written %40");
	return STATUS_RETRY;
}

enum status
pg_open(struct pg **out, const char *url, const char *program, int timeout_ms,
    int wait_ms, struct pg_trouble *trouble)
{
	struct pg *pg = calloc(1, sizeof(*pg));
	enum status status;

	if (pg == NULL) {
		snprintf(
		    trouble->reason, sizeof(trouble->reason), "out of memory");
		return STATUS_FAULT;
	}
	pg->trouble = trouble;
	pg->wait_ms = wait_ms;
	status = log_in(pg, url, program);
	if (status == STATUS_OK && !prepare_all(pg))
		status = STATUS_RETRY;
	if (status == STATUS_OK)
		status = begin_session(pg, timeout_ms);
	if (status == STATUS_OK) {
		log_info("db: connected, server %d", PQserverVersion(pg->conn));
		*out = pg;
		return status;
	}
	pg_close(pg);
	return status;
}

void
pg_close(struct pg *pg)
{
	if (pg == NULL)
		return;
	PQfinish(pg->conn);
	free(pg);
}

const char *
pg_role(const struct pg *pg)
{
	return PQuser(pg->conn);
}

int
pg_rows(const struct pg_result *r)
{
	return PQntuples(r);
}

const char *
pg_value(const struct pg_result *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

bool
pg_is_true(const struct pg_result *r, int row, int column)
{
	const char *v = pg_value(r, row, column);

	return v != NULL && v[0] == 't';
}

void
pg_free(struct pg_result *r)
{
	PQclear(r);
}
