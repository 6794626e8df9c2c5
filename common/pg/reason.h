/*
 * Why a connection failed, from what libpq says about it: one message of many
 * lines, with a line for each way that it tried.
 */
#ifndef REASON_H
#define REASON_H

#include <stddef.h>

enum {
	REASON_LEN = 512,
	SQLSTATE_LEN = 5
};

/*
 * The line that an operator must read, and the SQLSTATE in it ("" where no
 * server answered), from a message that was made with PQERRORS_VERBOSE. What a
 * server answered counts more than what was never reached; and of two answers
 * "no pg_hba.conf entry" (28000) less, because libpq also tries a connection
 * that nobody asked for: without TLS, after one with TLS was refused.
 */
void reason_choose(const char *message, char sqlstate[SQLSTATE_LEN + 1],
    char reason[REASON_LEN]);
/*
 * Replaces the value where it stands in double quotes, as libpq quotes what it
 * cannot use: it may be a password that was pasted into the wrong place.
 */
void reason_hide(char reason[REASON_LEN], const char *value);

#endif
