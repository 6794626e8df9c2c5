#include "board.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "service.h"

enum {
	US = 1000000
};

static struct slot *mine = &board_spare;

/* A counter has one writer, so no locked instruction is needed. */
static void
add(counter *c, uint64_t n)
{
	atomic_store_explicit(c,
	    atomic_load_explicit(c, memory_order_relaxed) + n,
	    memory_order_release);
}

static int
bucket(int64_t us)
{
	int i = 0;

	while ((double)us > score_bucket(i) * US)
		i++;
	return i;
}

static int
service_index(const char *name)
{
	const struct service *const *s;
	int i = 0;

	for (s = service_all(); *s != NULL; s++, i++)
		if (strcmp((*s)->name, name) == 0)
			return i;
	return SCORE_OTHER;
}

/* The service of a request to ingest one event; -1: it is another request. */
static int
ingested_service(const char *method, const char *path)
{
	const size_t skip = strlen(INGEST_PATH);

	if (strcmp(method, "POST") != 0 ||
	    strncmp(path, INGEST_PATH, skip) != 0 || path[skip] == '\0' ||
	    strchr(path + skip, '/') != NULL)
		return -1;
	return service_index(path + skip);
}

void
score_join(bool is_status)
{
	pid_t none;
	int i;

	for (i = 0; board != NULL && i < BOARD_SLOTS; i++) {
		none = 0;
		if (!atomic_compare_exchange_strong(
			&board->slots[i].pid, &none, getpid()))
			continue;
		mine = &board->slots[i];
		mine->is_status = is_status;
		mine->started_us = clock_wall_us();
		mine->start_us = clock_steady_us();
		mine->requests = 0;
		mine->began_us = mine->last_us = 0;
		mine->turn = 0;
		mine->method[0] = mine->uri[0] = '\0';
		board_raise_to(&board->used, i + 1);
		atomic_fetch_add(&board->started, 1);
		return;
	}
}

static bool
is_busy(void)
{
	return mine != &board_spare &&
	    board->busy[mine - board->slots] >= SLOT_ACTIVE;
}

static void
set_busy(int state)
{
	int active;

	if (mine == &board_spare)
		return;
	atomic_store_explicit(&board->busy[mine - board->slots],
	    (unsigned char)state, memory_order_release);
	if (state != SLOT_ACTIVE)
		return;
	active = board_count(SLOT_ACTIVE);
	board_raise_to(&board->max_active, active);
	if (active >= board->processes)
		atomic_fetch_add_explicit(
		    &board->max_reached, 1, memory_order_relaxed);
}

static void
show_request(const char *method, const char *path, const char *query,
    const char *content_length)
{
	unsigned int turn = mine->turn;
	size_t n = strnlen(path, sizeof(mine->uri) - 1);

	atomic_store_explicit(&mine->turn, turn + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	memcpy(mine->uri, path, n);
	mine->uri[n] = '\0';
	if (*query != '\0' && n + 1 < sizeof(mine->uri)) {
		mine->uri[n++] = '?';
		path = query;
		query =
		    memccpy(mine->uri + n, path, '\0', sizeof(mine->uri) - n);
		if (query == NULL)
			mine->uri[sizeof(mine->uri) - 1] = '\0';
	}
	n = strnlen(method, sizeof(mine->method) - 1);
	memcpy(mine->method, method, n);
	mine->method[n] = '\0';
	mine->length = content_length ? strtoll(content_length, NULL, 10) : 0;
	atomic_store_explicit(&mine->turn, turn + 2, memory_order_release);
}

void
score_begin(struct scored *r, const char *method, const char *path,
    const char *query, const char *content_length)
{
	*r = (struct scored){ .began_us = clock_steady_us(), .service = -1 };
	mine->began_us = r->began_us;
	show_request(method, path, query, content_length);
	add(&mine->requests, 1);
	if (!mine->is_status) {
		add(&mine->tally.accepted, 1);
		r->service = ingested_service(method, path);
		if (r->service >= 0)
			add(&mine->tally.received[r->service], 1);
	}
	if (mine->is_status)
		set_busy(SLOT_STATUS);
	else if (!is_busy())
		set_busy(SLOT_ACTIVE);
}

/* 5xx overrides the outcome: the answer that was meant was not sent. */
static int
final_outcome(int status, int outcome)
{
	if (status >= 500)
		return OUTCOME_FAILED;
	return outcome >= 0 ? outcome : OUTCOME_REFUSED;
}

void
score_end(const struct scored *r, int status, int outcome, int slow_ms)
{
	int64_t us = clock_steady_us() - r->began_us;
	int is = final_outcome(status, outcome);
	struct tally *t = &mine->tally;

	if (r->service >= 0) {
		add(&t->took_us[r->service][is], (uint64_t)us);
		add(&t->took[r->service][is][bucket(us)], 1);
	}
	if (!mine->is_status) {
		add(&t->responses[status / 100 % SCORE_CLASSES], 1);
		if (slow_ms > 0 && us >= slow_ms * 1000LL)
			add(&t->slow, 1);
	}
	mine->last_us = us;
}

void
score_idle(void)
{
	set_busy(SLOT_IDLE);
}

void
score_storing(void)
{
	set_busy(SLOT_STORING);
}

bool
score_is_storing(void)
{
	return board != NULL && board_count(SLOT_STORING) >= board->cores;
}

uint64_t
score_accepted(void)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; board != NULL && i < board->used; i++)
		sum += atomic_load_explicit(
		    &board->slots[i].tally.accepted, memory_order_relaxed);
	return sum;
}

void
score_commit(size_t events)
{
	int i = 0;

	while ((double)events > score_size(i))
		i++;
	add(&mine->tally.commits[i], 1);
	add(&mine->tally.committed, events);
	/* Written only on change: a store would take this cache line from
	 * every other process. */
	if (board != NULL && board->disk_full_us != 0)
		board->disk_full_us = 0;
}

void
score_batch(const char *service, enum outcome outcome, size_t events)
{
	add(&mine->tally.batch[service_index(service)][outcome], events);
}

void
score_rule(const struct derived *derived, bool fired)
{
	struct derivation at;
	int n;

	for (n = 0; n < SCORE_RULES && service_derivation(n, &at); n++)
		if (at.derived == derived)
			add(fired ? &mine->tally.fired[n]
				  : &mine->tally.suppressed[n],
			    1);
}

void
score_db_error(enum db_error error)
{
	add(&mine->tally.db_errors[error], 1);
	if (board != NULL && error == DB_ERROR_DISK_FULL)
		board->disk_full_us = clock_steady_us();
}

/* --- the end of a child --- */

static int
how_it_ended(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return WTERMSIG(wait_status) == SIGALRM ? END_TIMEOUT
							: END_KILLED;
	return WEXITSTATUS(wait_status) == 0 ? END_DONE : END_FAILED;
}

static uint64_t
settled(const struct tally *t, int of)
{
	uint64_t n = 0;
	int o, b;

	for (o = 0; o < OUTCOMES; o++)
		for (b = 0; b < SCORE_BUCKETS; b++)
			n += t->took[of][o][b];
	return n;
}

void
score_ended(pid_t pid, int wait_status)
{
	struct slot *s;
	int64_t us;
	int i;

	atomic_fetch_add(&board->ended[how_it_ended(wait_status)], 1);
	for (s = board->slots; s < board->slots + board->used; s++)
		if (s->pid == pid)
			break;
	if (s == board->slots + board->used)
		return;
	us = clock_steady_us() - s->began_us;
	for (i = 0; i < SCORE_SERVICES; i++)
		add(&s->tally.took[i][OUTCOME_FAILED][bucket(us)],
		    s->tally.received[i] - settled(&s->tally, i));
	board->busy[s - board->slots] = SLOT_IDLE;
	s->pid = 0;
}
