/*
 * One JSON object a line on stderr, each written with one write(2) so that
 * processes do not interleave; nginx/prometheus/README.md lists the members.
 * Log an event once, where it happens, subject first:
 * log_warn("db: connection lost: %s", reason).
 */
#ifndef LOG_H
#define LOG_H

#include "status.h"

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
};

/* A member of a line; an array of members ends with a NULL name. */
struct log_field {
	const char *name;
	const char *text; /* NULL: the member is the number */
	long long number;
};

/*
 * program is kept by reference; level is the lowest level that is written. Call
 * log_open() once, before any fork. Logging never waits: lines that nobody
 * reads from stderr are dropped and counted, and the next written line has
 * `dropped`.
 */
void log_open(const char *program, enum log_level level);
/* Sets the level from now on; a request can have a level of its own. */
void log_level(enum log_level level);
/* Switches debug lines of all processes since log_open() on, or off again. */
void log_debug_toggle(void);
/* Adds fields, kept by reference, to each line until the next call; or NULL. */
void log_about(const struct log_field *);

void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
