/*
 * Why a connection failed, from libpq's message: many lines, with one for each
 * address and for each way, with or without TLS, that it tried.
 */
#ifndef REASON_H
#define REASON_H

#include <stddef.h>

enum {
	REASON_LEN = 512,
	SQLSTATE_LEN = 5
};

/*
 * The line that an operator must read, and the SQLSTATE in it ("": no server
 * answered), from a message that was made with PQERRORS_VERBOSE. An answer of a
 * server counts more than a server that was not reached; of two answers "no
 * pg_hba.conf entry" (28000) counts less: libpq gets it when a connection with
 * TLS was refused and it tries again without TLS.
 */
void reason_choose(const char *message, char sqlstate[SQLSTATE_LEN + 1],
    char reason[REASON_LEN]);
/*
 * Replaces the value in double quotes, as libpq quotes an invalid one: it can
 * be a password that was pasted into the wrong place.
 */
void reason_hide(char reason[REASON_LEN], const char *value);

#endif
