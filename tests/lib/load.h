/*
 * Load while a test does something else: a thread begins POST /ingest of
 * several services and some GETs at a fixed rate, however long the answers
 * take.
 *
 * Half of the requests have a connection each. Such a request fails unless it
 * gets a complete answer 200, whatever the reason. The others go over kept
 * connections, under an Idempotency-Key, and are sent once more if a kept
 * connection ended before the first byte of an answer, as every client of a
 * kept connection must (RFC 9112, section 9.3.1): a server may close it at the
 * very moment that the client sends.
 */
#ifndef LOAD_H
#define LOAD_H

/*
 * rate: requests a second. Each is timed from when it was due, even if it had
 * to wait for one of the sender's connections.
 */
void load_start(int port, int rate);
/* Requests that are due from now on are counted under this name. */
void load_phase(const char *name);
/* Waits until `seconds` times the rate more requests were begun. */
void load_go_on(int seconds);
/* Requests of this phase that failed so far; *first: in words, the first one.
 */
long load_failed(const char **first);
/* Begins no more requests and waits for the last answers. */
void load_stop(void);

/* Events that were acknowledged, and derived ones among their answers. */
long load_acknowledged(void);
long load_derived(void);
/* The ids of the acknowledged events as a PostgreSQL array, to be freed. */
char *load_ids(void);
/* Prints a table of all phases; returns how many requests failed in all. */
long load_print(void);

#endif
