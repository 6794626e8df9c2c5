/*
 * Shell commands, given as printf's arguments. A status is the exit status, or
 * 128 + the signal that killed the shell.
 */
#ifndef SHELL_H
#define SHELL_H

#include "t.h"

/* Sets a first line for all later commands of this program. */
void shell_begin(const char *fmt, ...) T_PRINTF(1, 2);

int shell(const char *fmt, ...) T_PRINTF(1, 2);
/* Fails the test unless the status is 0. */
void shell_must(const char *fmt, ...) T_PRINTF(1, 2);
/* Copies the command's output into out, as much as fits. */
int shell_read(char *out, size_t size, const char *fmt, ...) T_PRINTF(3, 4);

#endif
