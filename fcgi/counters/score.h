/*
 * The scoreboard: memory that the master shares with its children, one slot
 * for each. A slot is written by the child that holds it alone, so counting
 * needs no lock; what it has counted stays in the slot when it dies, and a
 * total is the sum over all slots. The memory itself is in board.h.
 *
 * The ledger of ingest always balances: received = stored + duplicate +
 * rejected + refused + failed + in hand. One store moves a request from "in
 * hand" to its outcome, and the master does it for a child that died.
 *
 * A process without a board (plain CGI, a test) counts for itself.
 */
#ifndef SCORE_H
#define SCORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "service.h"
#include "sqlstate.h"

/* Services with a schema, in the order of service_all(), and the others. */
enum {
#define SERVICE(stem) SCORE_##stem,
#include "services.def"
#undef SERVICE
	SCORE_OTHER,
	SCORE_SERVICES
};

/* What became of a request to ingest one event. */
enum outcome {
	OUTCOME_STORED,
	OUTCOME_DUPLICATE, /* answered with an earlier event */
	OUTCOME_REJECTED,  /* failed its schema, and is kept apart */
	OUTCOME_REFUSED, /* another 4xx, or the sender left: nothing is kept */
	OUTCOME_FAILED,  /* 5xx, or the responder died: repeat it */
	OUTCOMES
};

enum {
	SCORE_BUCKETS = 14, /* the last is +Inf */
	SCORE_RULES = 64,
	SCORE_CLASSES = 6, /* 1xx to 5xx; 0: nobody was left to be answered */
	SCORE_URI_LEN = 256,
	SCORE_METHOD_LEN = 16,
	SCORE_ENDS = 4
};

/* Nothing but counters: summed word by word. */
typedef _Atomic uint64_t counter;
struct tally {
	counter received[SCORE_SERVICES];
	counter took[SCORE_SERVICES][OUTCOMES][SCORE_BUCKETS];
	counter took_us[SCORE_SERVICES][OUTCOMES];
	/* By the number of service_derivation(). */
	counter fired[SCORE_RULES], suppressed[SCORE_RULES];
	counter responses[SCORE_CLASSES];
	counter db_errors[DB_ERRORS];
	counter accepted, slow;
};

/* How a child ended. */
enum {
	END_DONE,    /* was told to, or had served its requests */
	END_FAILED,  /* exit status */
	END_TIMEOUT, /* SMARTCITY_REQUEST_TIMEOUT */
	END_KILLED,  /* any other signal */
};

struct score_pool {
	int64_t started_us; /* wall clock, when the counting began */
	int64_t since_us;   /* since then */
	int processes, idle, active, status_responders;
	int max_active;
	uint64_t max_reached; /* a request took the last idle process */
	int max_queue;        /* as far as anybody looked */
	uint64_t started, ended[SCORE_ENDS];
};

struct score_process {
	pid_t pid;
	bool is_active, is_status;
	int64_t started_us; /* wall clock */
	int64_t since_us;   /* since then */
	uint64_t requests;
	int64_t took_us; /* so far, or of the last request */
	char method[SCORE_METHOD_LEN], uri[SCORE_URI_LEN];
	long long length; /* of its body */
};

/* --- the master --- */

/* A child has ended; settles what it had in hand. wait_status: waitpid's. */
void score_ended(pid_t, int wait_status);

/* --- a child --- */

/* Takes a slot; in a status responder only its process and errors count. */
void score_join(bool is_status);
void score_begin(const char *method, const char *path, const char *query,
    const char *content_length);
/* Before the end: what becomes of the event; else the status decides. */
void score_outcome(enum outcome);
/* status: HTTP's, or 0 where nobody was left to be answered. */
void score_end(int status, int slow_ms);
/* Whether a rule's event was derived, or its incident was open. */
void score_rule(const struct derived *, bool fired);
/* For db_watch(). */
void score_db_error(enum db_error);

/* --- whoever asks --- */

/* False: there is no board, and all is 0. */
bool score_pool(struct score_pool *);
void score_sum(struct tally *);
/* Processes from *slot on; false at the end. */
bool score_process(int *slot, struct score_process *);
/* Notes what was seen; returns the most that ever was. */
int score_queue(int length);
/* Whether this pool has told of a wrong clock; for dbclock_tell(). */
atomic_bool *score_clock_told(void);
/* Seconds since the disk was full; -1: an event was stored since then. */
double score_disk_full(void);

/* Upper bound in seconds; the last is infinite. */
double score_bucket(int n);
const char *score_service(int n);
const char *score_outcome_name(int n);
const char *score_end_name(int n);

#endif
