/*
 * Searches the logs of a stack; shell_begin() must have entered its directory.
 */
#ifndef LOG_LINES_H
#define LOG_LINES_H

#include "t.h"

#include <stdbool.h>

/* A condition: at least n lines of log/<log>.log match the basic regex. */
struct log_line {
	const char *log, *pattern;
	int n;
};

/* Whether the struct log_line is met; for stack_wait. */
bool log_has(void *line);
bool log_has_line(const char *log, const char *pattern);
/* Waits until one line of log/<log>.log matches. */
void log_await(const char *log, const char *fmt, ...) T_PRINTF(2, 3);

#endif
