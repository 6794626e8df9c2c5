/*
 * Secrets and signatures of Standard Webhooks 1.0.0. secret.c is the only user
 * of OpenSSL.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define SECRET_LEN 50    /* whsec_ and the base64 of 32 bytes */
#define SIGNATURE_LEN 47 /* v1, and the base64 of 32 bytes */

/* Makes a secret from the kernel's random bytes; STATUS_FAULT: it gave none. */
enum status secret_new(char out[SECRET_LEN + 1]) MUST_CHECK;
/*
 * "v1,<base64 of HMAC-SHA256>" over "id.timestamp.body"; timestamp in Unix
 * seconds. STATUS_FAULT: the secret is invalid (a valid one is whsec_ and the
 * base64 of 24 to 64 bytes), or memory is short.
 */
enum status secret_sign(const char *secret, const char *id, int64_t timestamp,
    const char *body, size_t len, char out[SIGNATURE_LEN + 1]) MUST_CHECK;

#endif
