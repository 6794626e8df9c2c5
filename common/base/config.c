#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dotenv.h"
#include "log.h"

enum {
	ERROR_LEN = 256,
	FLAG_SECRET = 1,
	FLAG_LOCATION = 2
};

enum type {
	TYPE_TEXT,
	TYPE_INT,
	TYPE_NUMBER,
	TYPE_CHOICE, /* an int: the index of one of `choices` */
};

struct setting {
	const char *name;
	enum type type;
	size_t offset;
	const char *fallback;
	double min, max;     /* TYPE_INT, TYPE_NUMBER */
	const char *choices; /* TYPE_CHOICE: separated by | */
	int flags;
	int who; /* the programs that read it: enum config_who */
	const char *help;
};

#define AT(member) offsetof(struct config, member)
#define TEXT(member) TYPE_TEXT, AT(member)
#define INT(member) TYPE_INT, AT(member)
#define NUMBER(member) TYPE_NUMBER, AT(member)
#define CHOICE(member) TYPE_CHOICE, AT(member)
#define POOL CONFIG_POOL
#define WORKER CONFIG_WORKER
#define BOTH (CONFIG_POOL | CONFIG_WORKER)

/* Sorted by name; a test compares README.md and the man pages with this. */
/* clang-format off */
static const struct setting settings[] = {
	{ "DATABASE_URL", TEXT(database_url), "postgresql:///smartcity", 0, 0, NULL, FLAG_SECRET, BOTH,
	    "PostgreSQL, as a libpq URI" },
	{ "OUTBOX_BATCH_SIZE", INT(outbox_batch_size), "500", 1, 10000, NULL, 0, WORKER,
	    "deliveries that a worker claims at a time" },
	{ "OUTBOX_MAX_ATTEMPTS", INT(outbox_max_attempts), "10", 1, 100, NULL, 0, WORKER,
	    "attempts after which a delivery has failed for good" },
	{ "OUTBOX_POLL_SECONDS", NUMBER(outbox_poll_seconds), "0.05", 0.005, 3600, NULL, 0, WORKER,
	    "pause of a worker that found nothing to do" },
	{ "SMARTCITY_DB_TIMEOUT_MS", INT(db_timeout_ms), "3000", 100, 600000, NULL, 0, BOTH,
	    "longest wait for an answer of the database" },
	{ "SMARTCITY_DELIVERY_ALLOW", TEXT(delivery_allow), "", 0, 0, NULL, 0, BOTH,
	    "private addresses that deliveries may go to: CIDRs, loopback, private" },
	{ "SMARTCITY_DELIVERY_TIMEOUT", INT(delivery_timeout), "15", 1, 300, NULL, 0, WORKER,
	    "seconds that a receiver has to answer, of which at most 5 to connect" },
	{ "SMARTCITY_IN_FLIGHT", INT(in_flight), "512", 1, 10000, NULL, 0, WORKER,
	    "deliveries that a worker attempts at the same time" },
	{ "SMARTCITY_KEEP_DELIVERED_DAYS", NUMBER(keep_delivered_days), "7", 0, 36500, NULL, 0, WORKER,
	    "days after which delivered messages are deleted" },
	{ "SMARTCITY_KEEP_FAILED_DAYS", NUMBER(keep_failed_days), "30", 0, 36500, NULL, 0, WORKER,
	    "days after which failed and expired messages are deleted" },
	{ "SMARTCITY_LEASE_SECONDS", INT(outbox_lease_seconds), "60", 3, 3600, NULL, 0, WORKER,
	    "seconds until a crashed worker's deliveries are tried again" },
	{ "SMARTCITY_LISTEN", TEXT(listen), "", 0, 0, NULL, 0, POOL,
	    "pool's socket: a path or host:port; empty: inherited as fd 0" },
	{ "SMARTCITY_LOG_LEVEL", CHOICE(business.log_level), "info", 0, 0, "debug|info|warn|error", FLAG_LOCATION, BOTH,
	    "lowest level that is logged" },
	{ "SMARTCITY_MAX_REQUESTS", INT(max_requests), "0", 0, 1e9, NULL, 0, POOL,
	    "requests after which a responder is replaced; 0: never" },
	{ "SMARTCITY_NATS_CA", TEXT(nats_ca), "", 0, 0, NULL, 0, WORKER,
	    "file of CA certificates for NATS over TLS, in addition to the system's" },
	{ "SMARTCITY_NATS_CREDS", TEXT(nats_creds), "", 0, 0, NULL, 0, WORKER,
	    "creds files for NATS servers: host=path or host:port=path, separated by commas" },
	{ "SMARTCITY_ORIGINS", TEXT(origins), "", 0, 0, NULL, 0, POOL,
	    "origins of other sites' web pages that may use the API, separated by commas" },
	{ "SMARTCITY_PARTITIONS_AHEAD", INT(partitions_ahead), "4", 1, 520, NULL, 0, WORKER,
	    "weeks for which partitions are made ahead" },
	{ "SMARTCITY_PROCESSES", INT(processes), "0", 0, 10000, NULL, 0, POOL,
	    "responders in the pool; 0: two per core" },
	{ "SMARTCITY_QUIET_SECONDS", INT(business.quiet_seconds), "-1", -1, 1e9, NULL, FLAG_LOCATION, POOL,
	    "seconds of silence that close an incident; -1: as the rule says; 0: no deduplication" },
	{ "SMARTCITY_REMIND_SECONDS", INT(business.remind_seconds), "-1", -1, 1e9, NULL, FLAG_LOCATION, POOL,
	    "seconds after which an open incident derives again; -1: as the rule says" },
	{ "SMARTCITY_REQUEST_TIMEOUT", INT(request_timeout), "30", 1, 3600, NULL, 0, POOL,
	    "seconds, up to 1 more, after which a responder that hangs is killed" },
	{ "SMARTCITY_RETRY_SCHEDULE", TEXT(retry_schedule), "0,1,5,30,120,600,1800,7200,21600,43200,86400", 0, 0, NULL, 0, BOTH,
	    "seconds before each attempt; the last repeats" },
	{ "SMARTCITY_SLOW_MS", INT(business.slow_ms), "1000", 0, 3.6e6, NULL, FLAG_LOCATION, POOL,
	    "milliseconds from which a request is logged as slow; 0: never" },
	{ "SMARTCITY_STATUS_LISTEN", TEXT(status_listen), "", 0, 0, NULL, 0, POOL,
	    "socket of two more responders, for /health, /ready, /status, /metrics; empty: none" },
	{ "SMARTCITY_STREAM", TEXT(stream), "", 0, 0, NULL, 0, WORKER,
	    "socket on which nginx takes events for the live stream; empty: no stream" },
	{ "SMARTCITY_STREAM_BYTES", INT(stream_bytes), "40000000", 1000, 2e9, NULL, 0, WORKER,
	    "most bytes a second for all viewers of the live stream together" },
	{ "SMARTCITY_UNKNOWN_SERVICES", CHOICE(business.unknown), "pass", 0, 0, "pass|reject", FLAG_LOCATION, POOL,
	    "events of services without a schema: stored as they are, or 404" },
	{ "SMARTCITY_VALIDATION", CHOICE(business.validation), "strict", 0, 0, "strict|lenient", FLAG_LOCATION, POOL,
	    "events that fail their schema: 422 and kept apart, or stored as they are" },
	{ "SMARTCITY_WORKER_SEEN", INT(worker_seen), "30", 1, 1e6, NULL, 0, POOL,
	    "seconds without a sign of a worker after which /ready answers 503" },
	{ "THRESHOLD_KWH", NUMBER(business.threshold_kwh), "500.0", -1e300, 1e300, NULL, FLAG_LOCATION, POOL,
	    "energy in kWh above which security gets an event" },
};
/* clang-format on */

enum {
	SETTINGS = sizeof(settings) / sizeof(*settings)
};

static enum status
refuse(char error[ERROR_LEN], const struct setting *s, const char *value,
    const char *what)
{
	snprintf(error, ERROR_LEN, "%s: \"%.60s\" is not %s", s->name,
	    s->flags & FLAG_SECRET ? "***" : value, what);
	return STATUS_REJECT;
}

/* The index of value among "a|b|c", or -1. */
static int
choice_index(const char *choices, const char *value)
{
	size_t n = strlen(value), len;
	int i;

	for (i = 0;; i++, choices += len + 1) {
		len = strcspn(choices, "|");
		if (len == n && strncmp(choices, value, n) == 0)
			return i;
		if (choices[len] == '\0')
			return -1;
	}
}

static enum status
set_number(const struct setting *s, void *at, const char *value, char *error)
{
	char what[80], *end;
	double d;

	errno = 0;
	d = strtod(value, &end);
	snprintf(what, sizeof(what), "%s from %g to %g",
	    s->type == TYPE_INT ? "a whole number" : "a number", s->min,
	    s->max);
	if (end == value || *end != '\0' || !isfinite(d) || d < s->min ||
	    d > s->max || (s->type == TYPE_INT && d != floor(d)))
		return refuse(error, s, value, what);
	if (s->type == TYPE_INT)
		*(int *)at = (int)d;
	else
		*(double *)at = d;
	return STATUS_OK;
}

/* Sets the member at base plus the setting's offset to value. */
static enum status
set(const struct setting *s, char *base, const char *value, char *error)
{
	void *at = base + s->offset;
	char what[80];
	int i;

	switch (s->type) {
	case TYPE_TEXT:
		if (strlen(value) >= CONFIG_TEXT_LEN)
			return refuse(error, s, value, "short enough");
		strcpy(at, value);
		return STATUS_OK;
	case TYPE_CHOICE:
		i = choice_index(s->choices, value);
		snprintf(what, sizeof(what), "one of %s", s->choices);
		if (i < 0)
			return refuse(error, s, value, what);
		*(int *)at = i;
		return STATUS_OK;
	case TYPE_INT:
	case TYPE_NUMBER:
		break;
	}
	return set_number(s, at, value, error);
}

/* SQLAlchemy writes postgresql+psycopg2://, but libpq knows no drivers. */
static void
drop_driver(char *url)
{
	char *plus = url + strcspn(url, "+:/");
	size_t n = *plus == '+' ? strcspn(plus, ":/") : 0;

	if (n > 0 && strncmp(plus + n, "://", 3) == 0 &&
	    (strncmp(url, "postgresql+", 11) == 0 ||
		strncmp(url, "postgres+", 9) == 0))
		memmove(plus, plus + n, strlen(plus + n) + 1);
}

/* The environment comes first. An empty value counts as not set. */
static const char *
in_force(const struct dotenv *file, const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : dotenv_get(file, name);
}

static enum status
set_all(struct config *c, const struct dotenv *file, char *error)
{
	const struct setting *s;
	enum status status;
	const char *value;

	for (s = settings; s < settings + SETTINGS; s++) {
		value = in_force(file, s->name);
		status = set(
		    s, (char *)c, value != NULL ? value : s->fallback, error);
		if (status != STATUS_OK)
			return status;
	}
	drop_driver(c->database_url);
	return STATUS_OK;
}

enum status
config_load(struct config *c, char error[ERROR_LEN])
{
	struct dotenv file;
	enum status status = dotenv_open(&file, error);

	memset(c, 0, sizeof(*c));
	if (status == STATUS_OK)
		status = set_all(c, &file, error);
	dotenv_free(&file);
	return status;
}

enum status
config_value(const char *name, char **out, char error[ERROR_LEN])
{
	struct dotenv file;
	enum status status = dotenv_open(&file, error);
	const char *value = NULL;

	*out = NULL;
	if (status == STATUS_OK)
		value = in_force(&file, name);
	if (value != NULL && (*out = strdup(value)) == NULL) {
		snprintf(error, ERROR_LEN, "out of memory");
		status = STATUS_FAULT;
	}
	if (*out != NULL && strcmp(name, "DATABASE_URL") == 0)
		drop_driver(*out);
	dotenv_free(&file);
	return status;
}

const char *
config_name(int i)
{
	return i < SETTINGS ? settings[i].name : NULL;
}

const char *
config_fallback(const char *name)
{
	int i;

	for (i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0)
			return settings[i].fallback;
	return "";
}

enum status
config_override(
    struct business *b, config_source *source, void *arg, char error[ERROR_LEN])
{
	enum status status;
	const char *value;
	int i;

	for (i = 0; i < SETTINGS; i++) {
		if (!(settings[i].flags & FLAG_LOCATION))
			continue;
		value = source(arg, settings[i].name);
		if (value == NULL || *value == '\0')
			continue;
		status = set(&settings[i],
		    (char *)b - offsetof(struct config, business), value,
		    error);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* Marks settings per location only for the pool, which gets fastcgi_param. */
void
config_help(FILE *f, int who)
{
	const struct setting *s;

	fprintf(f, "Settings (environment or ./.env%s):\n",
	    who & CONFIG_POOL ? "; * also as fastcgi_param" : "");
	for (s = settings; s < settings + SETTINGS; s++) {
		if (!(s->who & who))
			continue;
		fprintf(f, "  %-27s%c %s%s%s%s", s->name,
		    s->flags & FLAG_LOCATION && who & CONFIG_POOL ? '*' : ' ',
		    s->help, s->choices ? " (" : "",
		    s->choices ? s->choices : "", s->choices ? ")" : "");
		fprintf(f, " [%s]\n", s->fallback);
	}
}

static void
print_value(const struct setting *s, const void *at, FILE *f)
{
	const char *p = s->choices;
	int i;

	switch (s->type) {
	case TYPE_TEXT:
		fputs(s->flags & FLAG_SECRET ? "***" : at, f);
		break;
	case TYPE_NUMBER:
		fprintf(f, "%.15g", *(const double *)at);
		break;
	case TYPE_INT:
		fprintf(f, "%d", *(const int *)at);
		break;
	case TYPE_CHOICE:
		for (i = *(const int *)at; i > 0; i--)
			p += strcspn(p, "|") + 1;
		fprintf(f, "%.*s", (int)strcspn(p, "|"), p);
		break;
	}
}

void
config_print(const struct config *c, int who, FILE *f)
{
	const struct setting *s;

	for (s = settings; s < settings + SETTINGS; s++) {
		if (!(s->who & who))
			continue;
		fprintf(f, "%s=", s->name);
		print_value(s, (const char *)c + s->offset, f);
		putc('\n', f);
	}
}
