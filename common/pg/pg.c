#include "pg.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "libpq.h"
#include "log.h"

enum {
	SWOLLEN_FROM = 512 << 10 /* bytes */
};

/* Of an error's lines the first is the error; the others are details. */
void
pg_set_reason(struct pg *pg, const char *sqlstate, const char *message)
{
	struct pg_trouble *t = pg->trouble;

	snprintf(t->sqlstate, sizeof(t->sqlstate), "%s",
	    sqlstate != NULL ? sqlstate : "");
	snprintf(t->reason, sizeof(t->reason), "%.*s",
	    (int)strcspn(message, "\n"), message);
}

bool
pg_wait_socket(struct pg *pg, short events, int64_t deadline)
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

/* Sends queued data. Reads meanwhile, so that the two sides do not deadlock. */
static enum pg_end
flush(struct pg *pg, int64_t deadline)
{
	int n;

	while ((n = PQflush(pg->conn)) > 0) {
		if (!pg_wait_socket(pg, POLLIN | POLLOUT, deadline))
			return PG_STALLED;
		if (!PQconsumeInput(pg->conn))
			return PG_BROKEN;
	}
	return n < 0 ? PG_BROKEN : PG_ANSWERED;
}

/*
 * The server's answer to the one statement that was sent. If another server
 * process crashed, libpq can return an error without SQLSTATE while PQstatus()
 * is still OK; such an error counts as a broken connection.
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
			if (!pg_wait_socket(pg, POLLIN, deadline))
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
	 * CommandComplete is sent before the commit: only the NULL after it,
	 * which stands for ReadyForQuery, proves that it has committed.
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

/* Notes the error of an answer, if any; frees a result that is no success. */
static enum pg_end
settle(struct pg *pg, enum pg_end end, PGresult **r)
{
	ExecStatusType status = PQresultStatus(*r);

	if (end == PG_STALLED)
		pg_set_reason(pg, NULL, "no answer from the server in time");
	else if (*r == NULL ||
	    (end == PG_BROKEN && PQresultErrorMessage(*r)[0] == '\0'))
		pg_set_reason(pg, NULL, PQerrorMessage(pg->conn));
	else if (end == PG_BROKEN ||
	    (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK))
		pg_set_reason(pg, PQresultErrorField(*r, PG_DIAG_SQLSTATE),
		    PQresultErrorMessage(*r));
	else {
		pg->trouble->sqlstate[0] = '\0';
		return PG_ANSWERED;
	}
	PQclear(*r);
	*r = NULL;
	return end;
}

/* If the server does not know a name, the program is newer than the schema. */
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

enum pg_end
pg_finish(struct pg *pg, int sent, int wait_ms, struct pg_result **out)
{
	enum pg_end end = PG_BROKEN;

	*out = NULL;
	pg->wait_ms = wait_ms;
	if (sent)
		end = await(pg, out);
	return settle(pg, end, out);
}

bool
pg_prepare_all(struct pg *pg)
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

static void
note_length(struct pg *pg, const struct pg_args *args, int n)
{
	size_t total = 0;
	int i;

	for (i = 0; i < n; i++)
		if (args->lengths != NULL)
			total += (size_t)args->lengths[i];
	if (total > pg->longest)
		pg->longest = total;
}

enum pg_end
pg_run(struct pg *pg, enum query q, const struct pg_args *args, int wait_ms,
    struct pg_result **out)
{
	static const int binary[PG_BINARY_MAX] = { [0 ... PG_BINARY_MAX - 1] =
						       1 };
	const int *formats = args->lengths != NULL ? binary : NULL;
	int sent, n = query_args(q);

	if (args->way == PG_KEPT)
		return pg_run_kept(
		    pg, q, args->values, args->open, wait_ms, out);
	note_length(pg, args, n);
	sent = args->way == PG_PLANNED
	    ? PQsendQueryParams(pg->conn, query_text(q), n, NULL, args->values,
		  args->lengths, formats, query_is_binary(q))
	    : PQsendQueryPrepared(pg->conn, query_name(q), n, args->values,
		  args->lengths, formats, query_is_binary(q));
	return pg_finish(pg, sent, wait_ms, out);
}

void
pg_timeout_text(int timeout_ms, char out[PG_TIMEOUT_LEN])
{
	/* Shorter than the client's, so that the connection survives. */
	snprintf(out, PG_TIMEOUT_LEN, "%dms", timeout_ms * 2 / 3);
}

bool
pg_set_timeout(struct pg *pg, int timeout_ms, int wait_ms)
{
	char timeout[PG_TIMEOUT_LEN];
	const char *const values[SESSION_TIMEOUT_ARGS] = {
		[SESSION_TIMEOUT_ARG_TIMEOUT] = timeout,
	};
	const struct pg_args args = { .values = values };
	PGresult *r = NULL;
	bool good;

	if (pg->timeout_ms == timeout_ms)
		return true;
	pg_timeout_text(timeout_ms, timeout);
	good =
	    pg_run(pg, Q_session_timeout, &args, wait_ms, &r) == PG_ANSWERED &&
	    r != NULL;
	PQclear(r);
	pg->timeout_ms = timeout_ms;
	return good;
}

bool
pg_is_swollen(const struct pg *pg)
{
	return pg->longest > SWOLLEN_FROM;
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

int
pg_length(const struct pg_result *r, int row, int column)
{
	return PQgetlength(r, row, column);
}

int
pg_int(const struct pg_result *r, int row, int column)
{
	const char *v = pg_value(r, row, column);

	return v != NULL ? atoi(v) : 0;
}

bool
pg_is_true(const struct pg_result *r, int row, int column)
{
	const char *v = pg_value(r, row, column);

	return v != NULL && (v[0] == 't' || v[0] == 1);
}

void
pg_free(struct pg_result *r)
{
	PQclear(r);
}
