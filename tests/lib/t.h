/*
 * What every test program includes: cmocka, main, and throwaway databases on
 * the cluster that TEST_DATABASE_URL names (the URI of a superuser, such as
 * postgresql://postgres@/postgres?host=/tmp/x). All functions fail the running
 * test instead of reporting an error.
 */
#ifndef T_H
#define T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define T_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/*
 * main() over an array of struct CMUnitTest. TEST_PATTERN chooses tests by
 * name: a glob, or, without any * or ?, a part of the name.
 */
#define T_MAIN(tests) T_MAIN_WITH(tests, NULL, NULL)
#define T_MAIN_WITH(tests, group_setup, group_teardown)                        \
	int main(void)                                                         \
	{                                                                      \
		t_main();                                                      \
		return cmocka_run_group_tests_name(                            \
		    __FILE__, tests, group_setup, group_teardown);             \
	}
/* What T_MAIN does before the tests; for a program with its own main. */
void t_main(void);

/*
 * JSON with ' in place of each ": J("{'alert':true}"). Valid until the 32nd
 * later call.
 */
const char *J(const char *text);

/* The URI of a new, migrated, empty database; t_drop drops and frees it. */
const char *t_database(void);
void t_drop(const char *url); /* NULL does nothing; ends its sessions first */

/* First value of the first row, "" if there is no row; the caller frees. */
char *t_sql(const char *url, const char *fmt, ...) T_PRINTF(2, 3);
/* Fails the test unless the query gives this value. */
void t_expect(const char *url, const char *expected, const char *query);
/* As t_sql, but the value as a number, 0 if there is no row. */
long long t_number(const char *url, const char *fmt, ...) T_PRINTF(2, 3);
/* As t_sql, but without a result; the text may hold several statements. */
void t_exec(const char *url, const char *fmt, ...) T_PRINTF(2, 3);

/*
 * Gives the database a clock that tests can move. Sessions opened with the
 * returned URI see now() ahead by the sum of all t_pass; column defaults still
 * read the real clock. The caller frees the URI.
 */
char *t_moved_clock(const char *url);
void t_pass(const char *url, const char *interval); /* "25 hours" */

#endif
