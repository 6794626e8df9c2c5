/* What load.h's requests came to, phase by phase. */
#ifndef LOAD_PHASE_H
#define LOAD_PHASE_H

#include <stdatomic.h>
#include <stdint.h>

enum {
	PHASE_TIMES_MAX = 100000
};

/* The sender's thread counts; the test's reads what is atomic meanwhile. */
struct phase {
	const char *name;
	int64_t began_ms;
	atomic_long begun, failed;
	long ok, repeated;
	char first[256]; /* of its failures */
	int times_ms[PHASE_TIMES_MAX];
};

/* The last one that load_phase() began. */
struct phase *phase_now(void);
void phase_ok(struct phase *, int took_ms);
/* The text tells of the first failure. */
void phase_failed(struct phase *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
