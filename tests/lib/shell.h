/*
 * Commands for a shell, as a test prints them. A status is that of exit, or
 * 128 + the signal that killed the shell.
 */
#ifndef SHELL_H
#define SHELL_H

#include "t.h"

/* What each later command of this program begins with, in a line of its own. */
void shell_begin(const char *fmt, ...) T_PRINTF(1, 2);

int shell(const char *fmt, ...) T_PRINTF(1, 2);
/* Any status but 0 fails the test. */
void shell_must(const char *fmt, ...) T_PRINTF(1, 2);
/* What it writes goes into out, as much as fits. */
int shell_read(char *out, size_t size, const char *fmt, ...) T_PRINTF(3, 4);

#endif
