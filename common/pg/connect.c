/* pg_open(), pg_check() and pg_close(): see pg.h. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hosts.h"
#include "libpq.h"
#include "log.h"

enum {
	CONNECT_MS = 3000,
	CONNECT_LEAST_MS = 1000
};

/* SQLSTATEs of refusals that are decided here: read_only_sql_transaction, and
 * config_file_error, for a server whose configuration is unfit for events. */
#define PG_READ_ONLY "25006"
#define PG_UNFIT "F0000"

/* One server of a URL, and how long to wait for it. */
struct target {
	const char *url, *program;
	struct host host;
	int timeout_ms; /* see pg_open */
	int wait_ms;    /* longest wait for this server */
};

/* Is this server fit to store events? */
static enum status
judge(struct pg *pg, const struct pg_result *r)
{
	const char *encoding = pg_value(r, 0, SESSION_ENCODING);
	char text[128];

	if (encoding == NULL || strcmp(encoding, "UTF8") != 0) {
		snprintf(text, sizeof(text),
		    "refused: the database's encoding is %.32s; events need "
		    "one made with ENCODING UTF8",
		    encoding != NULL ? encoding : "unknown");
		pg_set_reason(pg, PG_UNFIT, text);
		return STATUS_FAULT;
	}
	if (!pg_is_true(r, 0, SESSION_IS_DURABLE)) {
		pg_set_reason(pg, PG_UNFIT,
		    "refused: the server runs with fsync or full_page_writes "
		    "off and may lose acknowledged events");
		return STATUS_FAULT;
	}
	if (pg_is_true(r, 0, SESSION_IS_STANDBY)) {
		pg_set_reason(
		    pg, PG_READ_ONLY, "it is a standby and takes no events");
		return STATUS_RETRY;
	}
	return STATUS_OK;
}

static enum status
refuse_pooler(struct pg *pg)
{
	pg_set_reason(pg, PG_UNFIT,
	    "refused: a pooler gives each transaction another session; set "
	    "PgBouncer's pool_mode to session");
	return STATUS_FAULT;
}

static enum status
pin_session(struct pg *pg, int timeout_ms, int wait_ms)
{
	char timeout[PG_TIMEOUT_LEN];
	const char *const values[SESSION_ARGS] = {
		[SESSION_ARG_TIMEOUT] = timeout,
	};
	const struct pg_args args = { .values = values, .way = PG_PLANNED };
	enum status status;
	PGresult *r;

	pg_timeout_text(timeout_ms, timeout);
	pg->timeout_ms = timeout_ms;
	if (pg_run(pg, Q_session, &args, wait_ms, &r) != PG_ANSWERED ||
	    r == NULL)
		return STATUS_RETRY;
	status = judge(pg, r);
	if (status == STATUS_OK && pg->pid != 0 &&
	    pg_int(r, 0, SESSION_PID) != pg->pid)
		status = refuse_pooler(pg);
	pg->pid = pg_int(r, 0, SESSION_PID);
	PQclear(r);
	return status;
}

enum status
pg_check(struct pg *pg, int timeout_ms, int wait_ms)
{
	return pin_session(pg, timeout_ms, wait_ms);
}

static void
ignore_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

/* Replaces libpq's connect_timeout, which is never less than two seconds. */
static bool
wait_connected(struct pg *pg)
{
	int64_t deadline = clock_steady_ms() + pg->wait_ms;
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		if (!pg_wait_socket(pg,
			want == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			deadline))
			return false;
		want = PQconnectPoll(pg->conn);
	}
	return true;
}

/* Options that name server, user and database; any other can be a secret. */
static bool
is_public(const char *keyword)
{
	static const char *const names[] = { "host", "hostaddr", "user",
		"dbname" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(keyword, names[i]) == 0)
			return true;
	return false;
}

/* libpq's message quotes a value that it calls invalid, such as sslmode's. */
static void
hide_values(struct pg *pg)
{
	PQconninfoOption *all, *o;

	if (strstr(pg->trouble->reason, "invalid ") == NULL)
		return;
	all = PQconninfo(pg->conn);
	for (o = all; o != NULL && o->keyword != NULL; o++)
		if (o->val != NULL && !is_public(o->keyword))
			reason_hide(pg->trouble->reason, o->val);
	PQconninfoFree(all);
}

static void
set_failure(struct pg *pg, const struct target *to)
{
	struct pg_trouble *t = pg->trouble;

	if (!conninfo_may_be_quoted(to->url)) {
		pg_set_reason(pg, NULL,
		    "the host contains an @; in a password, write @ as %40");
		return;
	}
	reason_choose(PQerrorMessage(pg->conn), t->sqlstate, t->reason);
	hide_values(pg);
}

static void
set_too_late(struct pg *pg, const struct target *to)
{
	char text[REASON_LEN];

	snprintf(text, sizeof(text), "no connection in time to %.256s%s%.64s",
	    to->host.name[0] != '\0' ? to->host.name : "the default host",
	    to->host.address[0] != '\0' ? ", " : "", to->host.address);
	pg_set_reason(pg, NULL, text);
}

static enum status
log_in(struct pg *pg, const struct target *to)
{
	/* dbname, the URL, overrides options before it, not those after it. */
	const char *const names[] = { "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout",
		"fallback_application_name", "dbname", "host", "hostaddr",
		"port", NULL };
	const char *const texts[] = { "10", "5", "3", "10000", to->program,
		to->url, to->host.name, to->host.address, to->host.port, NULL };

	pg->conn = PQconnectStartParams(names, texts, 1);
	if (pg->conn == NULL)
		return STATUS_FAULT;
	/* Only the verbose text of a refusal has its SQLSTATE. */
	PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
	if (PQstatus(pg->conn) != CONNECTION_BAD && !wait_connected(pg)) {
		set_too_late(pg, to);
		return STATUS_RETRY;
	}
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	if (PQstatus(pg->conn) != CONNECTION_OK) {
		set_failure(pg, to);
		return STATUS_RETRY;
	}
	PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
	return PQsetnonblocking(pg->conn, 1) == 0 ? STATUS_OK : STATUS_FAULT;
}

/*
 * A pooler shares sessions between clients if a second connection gets the
 * session of the first, which is still open.
 */
static bool
is_shared(const struct target *to, int pid)
{
	struct pg_trouble trouble;
	struct pg other = { .trouble = &trouble, .wait_ms = to->wait_ms };
	const struct pg_args none = { .way = PG_PLANNED };
	bool same = false;
	PGresult *r = NULL;

	if (log_in(&other, to) == STATUS_OK &&
	    pg_run(&other, Q_session_pid, &none, to->wait_ms, &r) ==
		PG_ANSWERED &&
	    r != NULL)
		same = pg_int(r, 0, SESSION_PID_PID) == pid;
	PQclear(r);
	PQfinish(other.conn);
	return same;
}

/* Connects to one server, checks it, and prepares every statement. */
static enum status
open_at(struct pg *pg, const struct target *to)
{
	enum status status;

	pg->wait_ms = to->wait_ms;
	pg->pid = 0;
	status = log_in(pg, to);
	if (status == STATUS_OK)
		status = pin_session(pg, to->timeout_ms, to->wait_ms);
	if (status != STATUS_OK)
		return status;
	if (pg->pid != PQbackendPID(pg->conn) && is_shared(to, pg->pid))
		return refuse_pooler(pg);
	if (pg_prepare_all(pg))
		return STATUS_OK;
	/* 42P05: another client has prepared statements in this session. */
	return strcmp(pg->trouble->sqlstate, "42P05") == 0 ? refuse_pooler(pg)
							   : STATUS_RETRY;
}

/* Of the servers' failures, the first with the most weight is reported. */
static int
weight(const struct pg_trouble *t)
{
	if (t->sqlstate[0] == '\0')
		return 1;
	return strcmp(t->sqlstate, PG_READ_ONLY) == 0 ? 0 : 2;
}

/* A deadline for each server, or one that hangs would use up all the time. */
static int
wait_each(int wait_ms, int hosts)
{
	int all = wait_ms < CONNECT_MS ? wait_ms : CONNECT_MS,
	    least = (all < CONNECT_LEAST_MS ? all : CONNECT_LEAST_MS) / 2;

	return all / hosts > least ? all / hosts : least;
}

static enum status
open_any(struct pg *pg, struct target *to)
{
	struct pg_trouble worst = { .reason = "" }, *told = pg->trouble;
	struct host hosts[HOSTS_MAX];
	enum status status, all = STATUS_RETRY;
	int i, n = conninfo_hosts(to->url, hosts);

	to->wait_ms = wait_each(to->wait_ms, n);
	for (i = 0; i < n; i++) {
		to->host = hosts[i];
		status = open_at(pg, to);
		if (status == STATUS_OK)
			return status;
		PQfinish(pg->conn);
		pg->conn = NULL;
		if (i == 0 || weight(told) > weight(&worst)) {
			worst = *told;
			all = status;
		}
	}
	*told = worst;
	return all;
}

enum status
pg_open(struct pg **out, const char *url, const char *program, int timeout_ms,
    int wait_ms, struct pg_trouble *trouble)
{
	struct target to = { .url = url,
		.program = program,
		.timeout_ms = timeout_ms,
		.wait_ms = wait_ms };
	struct pg *pg = calloc(1, sizeof(*pg));
	enum status status = STATUS_FAULT;

	*trouble = (struct pg_trouble){ .reason = "out of memory" };
	if (pg == NULL)
		return status;
	pg->trouble = trouble;
	if (conninfo_is_understood(url))
		status = open_any(pg, &to);
	else
		pg_set_reason(pg, NULL,
		    "it is neither a libpq URI nor a conninfo string");
	if (status == STATUS_OK) {
		log_info("db: connected, server %d, %s",
		    PQserverVersion(pg->conn),
		    PQsslInUse(pg->conn) ? "with TLS" : "without TLS");
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
