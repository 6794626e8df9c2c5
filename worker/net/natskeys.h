/*
 * The files with which the worker and NATS servers authenticate each other:
 * SMARTCITY_NATS_CREDS and SMARTCITY_NATS_CA.
 */
#ifndef NATSKEYS_H
#define NATSKEYS_H

#include "config.h"
#include "status.h"

/* Reads and checks the settings. STATUS_REJECT: error says what is wrong. */
enum status natskeys_open(const struct config *, char error[256]) MUST_CHECK;
/* Finds the creds file for a server; false: there is none. */
bool natskeys_creds(const char *host, int port, char path[CONFIG_TEXT_LEN]);
/* A file of CA certificates; NULL: only the system's CAs are used. */
const char *natskeys_ca(void);

#endif
