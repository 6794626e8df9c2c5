/*
 * The plans with which PostgreSQL runs the statements of a database: rows that
 * were looked at, and sorted.
 */
#ifndef PLANS_H
#define PLANS_H

struct plans {
	int statements;
	long long most_examined; /* rows of events, by one statement */
	long long most_sorted;   /* rows, by one sort */
	long long most_scanned;  /* rows of one table without an index */
	char last[65536];        /* the plan of the last statement */
};

/* Filled by each statement of sessions that open after plans_watch(). */
extern struct plans plans;

void plans_watch(const char *url);
void plans_forget(void);

#endif
