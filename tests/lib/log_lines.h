/*
 * Searches the logs of a stack; shell_begin() must have entered its directory.
 */
#ifndef LOG_LINES_H
#define LOG_LINES_H

#include "t.h"

#include <stdbool.h>

/* To be met: at least n lines of log/<log>.log match this regular expression.
 */
struct log_line {
	const char *log, *pattern;
	int n;
};

/* For stack_wait. */
bool log_has(void *line);
bool log_has_line(const char *log, const char *pattern);
/* Waits for one such line. */
void log_await(const char *log, const char *fmt, ...) T_PRINTF(2, 3);

#endif
