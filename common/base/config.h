/*
 * The settings, filled from one table in config.c that also makes --help and
 * the README's table. Later ones win: default, ./.env (dotenv.h), environment,
 * and, for those marked "per location", a fastcgi_param of the request.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "status.h"

enum {
	CONFIG_TEXT_LEN = 1024
};

/* Settings of rules, validation and log, which can be set per location. */
struct business {
	double threshold_kwh;
	int quiet_seconds;  /* -1: as each rule says; 0: no deduplication */
	int remind_seconds; /* -1: as each rule says */
	int validation;     /* enum validation */
	int unknown;        /* enum unknown */
	int log_level;      /* enum log_level */
	int slow_ms;        /* 0: no request is slow */
};

enum validation {
	VALIDATION_STRICT,
	VALIDATION_LENIENT,
};

enum unknown {
	UNKNOWN_PASS,
	UNKNOWN_REJECT,
};

struct config {
	char database_url[CONFIG_TEXT_LEN];
	int db_timeout_ms;
	struct business business;
	/* pool */
	char listen[CONFIG_TEXT_LEN];        /* "": inherit it as fd 0 or 3 */
	char status_listen[CONFIG_TEXT_LEN]; /* "": none, or inherit it */
	int processes;                       /* 0: two per core */
	int max_requests;                    /* 0: no limit */
	int request_timeout;                 /* seconds */
	int worker_seen;                     /* seconds */
	char origins[CONFIG_TEXT_LEN];       /* see origin.h */
	/* pool and worker */
	char delivery_allow[CONFIG_TEXT_LEN]; /* see guard.h */
	char retry_schedule[CONFIG_TEXT_LEN];
	/* worker */
	double outbox_poll_seconds;
	int outbox_batch_size;
	int outbox_max_attempts;
	int outbox_lease_seconds;
	int delivery_timeout; /* seconds */
	int in_flight;
	double keep_delivered_days, keep_failed_days;
	char nats_ca[CONFIG_TEXT_LEN];    /* a file's path; "": none */
	char nats_creds[CONFIG_TEXT_LEN]; /* see worker/net/natskeys.c */
	int partitions_ahead;             /* weeks */
	char stream[CONFIG_TEXT_LEN];     /* a socket's path; "": none */
	int stream_bytes;                 /* a second */
};

enum config_who {
	CONFIG_POOL = 1,
	CONFIG_WORKER = 2,
};

typedef const char *config_source(void *arg, const char *name);

/*
 * Defaults, then the file .env in the working directory if there is one, then
 * the environment. On STATUS_REJECT error says which value is wrong and why, or
 * why the file cannot be read.
 */
enum status config_load(struct config *, char error[256]) MUST_CHECK;
/*
 * The value of a setting or of any other name: in the environment, else in
 * .env. The caller frees *out, which is NULL if it is not set.
 */
enum status config_value(
    const char *name, char **out, char error[256]) MUST_CHECK;
/* The i-th setting; NULL behind the last. */
const char *config_name(int i);
/* The default of a setting; "" for any other name. */
const char *config_fallback(const char *name);
/*
 * Overrides the settings that can be set per location. The source returns NULL
 * or "" for a setting that it does not have.
 */
enum status config_override(
    struct business *, config_source *, void *arg, char error[256]) MUST_CHECK;
/*
 * Both write the settings of one program or, with the sum of enum config_who,
 * of all: config_help() name, help and default, config_print() the NAME=value
 * lines in force, passwords as "***".
 */
void config_help(FILE *, int who);
void config_print(const struct config *, int who, FILE *);

#endif
