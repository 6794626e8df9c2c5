/*
 * Debian's nginx with our configuration, which tests/stock-nginx puts in.
 */
#ifndef STOCK_H
#define STOCK_H

#include <sys/types.h>

#include "stack.h"

struct stock {
	int port;
	pid_t pid;
	char dir[96];
};

/*
 * Starts nginx in front of the stack's pool, with the examples of a section of
 * nginx/README.md; edit: a sed script for the configuration files.
 */
void stock_start(struct stock *, const struct stack *, const char *section,
    const char *edit);
void stock_stop(struct stock *);

#endif
