/*
 * The scoreboard: memory that the master shares with its children, one slot for
 * each. Only the child that holds a slot writes to it, and the master after its
 * death, so counting needs no lock; the counts stay in the slot when the child
 * ends, and a total is the sum over all slots. The memory itself is in board.h.
 *
 * The counts of ingest always balance: received = stored + duplicate + rejected
 * + refused + failed + unfinished. One store to memory moves a request from
 * "unfinished" to its outcome; the master does so for a child that died.
 *
 * A process without a board (plain CGI, a test) counts in memory of its own.
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
	OUTCOME_DUPLICATE, /* answered with the earlier event's ids */
	OUTCOME_REJECTED,  /* failed its schema, and is kept apart */
	OUTCOME_REFUSED, /* another 4xx, or the sender left: nothing is kept */
	OUTCOME_FAILED,  /* 5xx, or the responder died: the sender repeats it */
	OUTCOMES
};

enum {
	SCORE_BUCKETS = 14, /* the last is +Inf */
	SCORE_SIZES = 13,   /* likewise */
	SCORE_RULES = 64,
	SCORE_CLASSES = 6, /* 1xx to 5xx; 0: the client had gone */
	SCORE_URI_LEN = 256,
	SCORE_METHOD_LEN = 16,
	SCORE_ENDS = 4
};

/* Only counters, since score_sum() adds it up as an array of them. */
typedef _Atomic uint64_t counter;
struct tally {
	counter received[SCORE_SERVICES];
	counter took[SCORE_SERVICES][OUTCOMES][SCORE_BUCKETS];
	counter took_us[SCORE_SERVICES][OUTCOMES];
	/* Indexed by the n of service_derivation(). */
	counter fired[SCORE_RULES], suppressed[SCORE_RULES];
	counter responses[SCORE_CLASSES];
	counter db_errors[DB_ERRORS];
	counter accepted, slow;
	/* Of each transaction that stored events: how many, and their sum. */
	counter commits[SCORE_SIZES], committed;
	counter batch[SCORE_SERVICES][OUTCOMES]; /* events of batches */
};

/* How a child ended. */
enum {
	END_DONE,    /* when asked to, or after SMARTCITY_MAX_REQUESTS */
	END_FAILED,  /* exit status other than 0 */
	END_TIMEOUT, /* SMARTCITY_REQUEST_TIMEOUT */
	END_KILLED,  /* any other signal */
};

struct score_pool {
	int64_t started_us; /* wall clock, when the counting began */
	int64_t since_us;   /* since then */
	int processes, idle, active, status_responders;
	int max_active;
	uint64_t max_reached; /* requests that took the last idle process */
	int max_queue;        /* longest queue that was seen */
	uint64_t started, ended[SCORE_ENDS];
};

struct score_process {
	pid_t pid;
	bool is_active, is_status;
	int64_t started_us; /* wall clock */
	int64_t since_us;   /* since then */
	uint64_t requests;
	int64_t took_us; /* time so far, or of the last request */
	char method[SCORE_METHOD_LEN], uri[SCORE_URI_LEN];
	long long length; /* of the request's body */
};

/* --- the master --- */

/* Counts a dead child's current request as failed. wait_status: waitpid's. */
void score_ended(pid_t, int wait_status);

/* --- a child --- */

/* Takes a slot. A status responder's requests are not counted in the tally. */
void score_join(bool is_status);
/* A request in the hands of this process, which can have several at once. */
struct scored {
	int64_t began_us; /* steady clock */
	int service;      /* -1: it does not ingest an event */
};
void score_begin(struct scored *, const char *method, const char *path,
    const char *query, const char *content_length);
/*
 * status: of HTTP, or 0 if the client had gone. outcome: an enum outcome, or -1
 * if the status tells.
 */
void score_end(const struct scored *, int status, int outcome, int slow_ms);
/* Every request in the hands of this process has ended. */
void score_idle(void);
/* This process has an event in hand that can be stored together with others. */
void score_storing(void);
/*
 * Whether as many responders as there are cores have such events: then a
 * further one can hardly help.
 */
bool score_is_storing(void);
/* Requests that all responders have accepted so far. */
uint64_t score_accepted(void);
/* Counts a transaction that stored this many events. */
void score_commit(size_t events);
/* Counts events of a batch. */
void score_batch(const char *service, enum outcome, size_t events);
/* Counts a rule's event; fired: derived, not suppressed by an open incident. */
void score_rule(const struct derived *, bool fired);
/* Counts a failure of the database; for db_watch(). */
void score_db_error(enum db_error);

/* --- readers --- */

/* False: this process has no board, and all is 0. */
bool score_pool(struct score_pool *);
void score_sum(struct tally *);
/* The next process from *slot on; false: no more. */
bool score_process(int *slot, struct score_process *);
/* Notes a length of the listen queue; returns the longest so far. */
int score_queue(int length);
/* Whether this pool has logged a wrong clock; for dbclock_tell(). */
atomic_bool *score_clock_told(void);
/*
 * Seconds since the database last said that its disk is full; -1: never, or an
 * event was stored since then.
 */
double score_disk_full(void);

/* The upper bound of bucket n in seconds; the last is infinite. */
double score_bucket(int n);
/* Likewise of bucket n of transactions' sizes. */
double score_size(int n);
const char *score_service(int n);
const char *score_outcome_name(int n);
const char *score_end_name(int n);

#endif
