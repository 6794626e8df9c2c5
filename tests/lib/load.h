/*
 * Load while a test does something else: POST /ingest of several services and
 * some GETs, begun at a fixed rate whatever the answers take, from a thread.
 *
 * Half of the requests have a connection each. One of these fails unless a
 * whole 200 answers it, whatever the reason. The others go over kept
 * connections, under an Idempotency-Key, and are sent once more if a kept one
 * ended before the first byte of an answer, as every client of a kept
 * connection must (RFC 9112, section 9.3.1): a server may close it at the very
 * moment that the client sends.
 */
#ifndef LOAD_H
#define LOAD_H

/*
 * The rate is of requests a second. Each is timed from when it was due, also
 * where it had to wait for one of the sender's connections.
 */
void load_start(int port, int rate);
/* Requests that are due from now on are counted under this name. */
void load_phase(const char *name);
/* Waits until so many more seconds' worth was begun in this phase. */
void load_go_on(int seconds);
/* Requests of this phase that failed so far; *first: in words, the first one.
 */
long load_failed(const char **first);
/* Waits for the last answers. */
void load_stop(void);

/* Events that were acknowledged, and derived ones among their answers. */
long load_acknowledged(void);
long load_derived(void);
/* The ids of the first as an array of PostgreSQL's, to be freed. */
char *load_ids(void);
/* A table of all phases on stdout; how many failed in all of them. */
long load_print(void);

#endif
