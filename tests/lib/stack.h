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
 * the stack is ready; if it does not start, prints the end of its log and fails
 * the test.
 */
void stack_start(struct stack *, const char *const settings[]);
/* SIGTERM; fails the test if processes, sockets or pid files are left. */
void stack_stop(struct stack *);

/*
 * main() for tests that share one stack, the variable s. The arguments after it
 * are the stack's settings.
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
/* Sends HUP to nginx; returns when its old processes have ended. */
void stack_reload_nginx(const struct stack *);
/* A port of 127.0.0.1 that nobody listens on. */
int stack_free_port(void);
/* The pid of a process's n-th child, or 0. */
int stack_child(int parent, int n);

/* Calls `holds` every 10 ms until it is true; fails the test after 30 s. */
void stack_wait(bool (*holds)(void *), void *arg, const char *what);
/* Waits until GET target answers status. */
void stack_wait_status(const struct stack *, const char *target, int status);

#endif
