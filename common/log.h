/*
 * One JSON object a line on stderr, each written with one write(2) so that
 * processes do not interleave. Log once, where it happens, subject first:
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

/* Both strings are kept by reference; level is the least that is written. */
void log_open(const char *program, enum log_level level);
/* Goes into every line until the next call; NULL ends it. */
void log_request(const char *request_id);

void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
