/*
 * The whole product as `make run` starts it, by nginx/run: nginx, pool, worker,
 * on a free port, over a database of its own on the tests' cluster.
 */
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>

struct stack {
	int port;
	int pid; /* of nginx/run */
	char dir[64];
	const char *url; /* of its database */
};

/*
 * settings: NAME=value strings for the environment, ended by NULL. Waits until
 * it is ready; fails the test, with the end of its log, where it is not.
 */
void stack_start(struct stack *, const char *const settings[]);
/* SIGTERM; fails the test where anything is left behind. */
void stack_stop(struct stack *);

/*
 * main() over tests that share one stack, the variable s. What follows are its
 * settings.
 */
#define STACK_MAIN(tests, s, ...)                                              \
	static int stack_open(void **state)                                    \
	{                                                                      \
		static const char *const settings[] = { __VA_ARGS__, NULL };   \
		(void)state;                                                   \
		stack_start(&(s), settings);                                   \
		return 0;                                                      \
	}                                                                      \
	static int stack_close(void **state)                                   \
	{                                                                      \
		(void)state;                                                   \
		stack_stop(&(s));                                              \
		return 0;                                                      \
	}                                                                      \
	T_MAIN_WITH(tests, stack_open, stack_close)

/* The pid in run/<name>.pid: fcgi, worker, nginx. */
int stack_pid(const struct stack *, const char *name);
/* HUP to nginx; returns when its old processes are gone. */
void stack_reload_nginx(const struct stack *);
/* A port of 127.0.0.1 that nobody listens on. */
int stack_free_port(void);
/* The n-th child of a process, or 0. */
int stack_child(int parent, int n);

/* Calls `holds` every 10 ms until it is true; fails the test after 30 s. */
void stack_wait(bool (*holds)(void *), void *arg, const char *what);
/* Waits until GET target answers status. */
void stack_wait_status(const struct stack *, const char *target, int status);

#endif
