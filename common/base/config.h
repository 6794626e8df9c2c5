/*
 * The settings, filled from one table in config.c that also makes --help and
 * the README's table. A later source wins: default, ./.env (dotenv.h),
 * environment, and, for settings marked "per location", a fastcgi_param of the
 * request.
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
	char listen[CONFIG_TEXT_LEN];        /* "": inherited, as fd 0 or 3 */
	char status_listen[CONFIG_TEXT_LEN]; /* "": none, or inherited */
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
	char nats_ca[CONFIG_TEXT_LEN];    /* path of a file; "": no file */
	char nats_creds[CONFIG_TEXT_LEN]; /* see worker/net/natskeys.c */
	int partitions_ahead;             /* weeks */
	char stream[CONFIG_TEXT_LEN];     /* path of a socket; "": no stream */
	int stream_bytes;                 /* limit per second */
};

enum config_who {
	CONFIG_POOL = 1,
	CONFIG_WORKER = 2,
};

typedef const char *config_source(void *arg, const char *name);

/*
 * Defaults, then the file .env in the working directory if there is one, then
 * the environment. On STATUS_REJECT, error says which value is wrong and why,
 * or why the file cannot be read.
 */
enum status config_load(struct config *, char error[256]) MUST_CHECK;
/*
 * Finds the value of a setting or of any other name in the environment, else in
 * .env. The caller frees *out, which is NULL if the name is not set.
 */
enum status config_value(
    const char *name, char **out, char error[256]) MUST_CHECK;
/* The name of the i-th setting, from 0 on; NULL after the last. */
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
 * config_help() writes name, help and default of each setting, config_print()
 * the lines NAME=value in force, with passwords as "***". who: one program, or
 * the sum of both for the settings of both.
 */
void config_help(FILE *, int who);
void config_print(const struct config *, int who, FILE *);

#endif
