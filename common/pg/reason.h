/*
 * Why a connection failed, from libpq's message. It has a line for each address
 * and for each way, with or without TLS, that libpq tried.
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
 * pg_hba.conf entry" (28000) counts less: libpq gets that answer when it tries
 * again without TLS after a refusal with TLS.
 */
void reason_choose(const char *message, char sqlstate[SQLSTATE_LEN + 1],
    char reason[REASON_LEN]);
/*
 * Replaces the value in double quotes, as libpq quotes an invalid value: it can
 * be a password that was pasted into the wrong place.
 */
void reason_hide(char reason[REASON_LEN], const char *value);

#endif
