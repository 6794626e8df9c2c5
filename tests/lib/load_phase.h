/* The results of load.h's requests, phase by phase. */
#ifndef LOAD_PHASE_H
#define LOAD_PHASE_H

#include <stdatomic.h>
#include <stdint.h>

enum {
	PHASE_TIMES_MAX = 100000
};

/* The sender's thread counts while the test's thread reads atomic members. */
struct phase {
	const char *name;
	int64_t began_ms;
	atomic_long begun, failed;
	long ok, repeated;
	char first[256]; /* text of the first failure */
	int times_ms[PHASE_TIMES_MAX];
};

/* The phase that load_phase() began last. */
struct phase *phase_now(void);
void phase_ok(struct phase *, int took_ms);
/* Counts a failure; keeps the text of the first one. */
void phase_failed(struct phase *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
