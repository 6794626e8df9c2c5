#include "score.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "service.h"

#define INHERIT "SMARTCITY_SCOREBOARD" /* the board's fd */

enum {
	VERSION_OF_LAYOUT = 1,
	SLOTS = 20480, /* twice SMARTCITY_PROCESSES at its most */
	TRIES = 8,
	US = 1000000
};

/* What a slot's byte in `busy` says. */
enum {
	IDLE,
	ACTIVE,
	ACTIVE_STATUS
};

struct slot {
	alignas(64) _Atomic pid_t pid; /* 0: free */
	_Atomic bool is_status;
	_Atomic int64_t started_us;
	_Atomic int64_t began_us, last_us; /* steady clock; a duration */
	counter requests;                  /* of this process */
	/* Odd while the texts change: whoever reads tries again. */
	_Atomic unsigned int turn;
	char method[SCORE_METHOD_LEN], uri[SCORE_URI_LEN];
	long long length;
	struct tally tally;
};

struct board {
	uint64_t layout;
	int64_t started_us;
	_Atomic int processes, used, max_active, max_queue;
	counter max_reached, started, ended[SCORE_ENDS];
	_Atomic int64_t disk_full_us;
	/* Beside each other, to be looked through at every request. */
	alignas(64) _Atomic unsigned char busy[SLOTS];
	struct slot slots[SLOTS];
};

static struct board *board; /* NULL: we count for ourselves */
static int board_fd = -1;
static struct slot spare, *mine = &spare;
/* The request in hand. */
static int service = -1;
static int outcome = -1;

static const double bounds[SCORE_BUCKETS] = { .001, .0025, .005, .01, .025, .05,
	.1, .25, .5, 1, 2.5, 5, 10, INFINITY };

/* --- the board --- */

static uint64_t
mix(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

/* Another release may have other services, rules or counters. */
static uint64_t
layout(void)
{
	uint64_t hash =
	    sizeof(struct board) ^ (uint64_t)VERSION_OF_LAYOUT << 56;
	const char *of, *derived;
	int i;

	for (i = 0; i < SCORE_SERVICES; i++)
		hash = mix(hash, score_service(i));
	for (i = 0; score_rule_label(i, &of, &derived); i++)
		hash = mix(mix(hash, of), derived);
	return hash;
}

static struct board *
map(int fd)
{
	void *at = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void
inherit(void)
{
	const char *s = getenv(INHERIT);
	struct stat st;
	int fd;

	if (s == NULL)
		return;
	fd = (int)strtol(s, NULL, 10);
	unsetenv(INHERIT);
	if (fstat(fd, &st) != 0)
		return;
	if (st.st_size == (off_t)sizeof(struct board))
		board = map(fd);
	if (board != NULL && board->layout == layout()) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		board_fd = fd;
		return;
	}
	log_info("score: the counters begin anew with this release");
	if (board != NULL)
		munmap(board, sizeof(*board));
	board = NULL;
	close(fd);
}

/* Memory is taken only for the slots that are used. */
static enum status
make(void)
{
	board_fd = memfd_create("smartcity-score", MFD_CLOEXEC);
	if (board_fd < 0 || ftruncate(board_fd, sizeof(struct board)) != 0 ||
	    (board = map(board_fd)) == NULL)
		return STATUS_FAULT;
	board->layout = layout();
	board->started_us = clock_wall_us();
	return STATUS_OK;
}

enum status
score_open(int processes)
{
	inherit();
	if (board == NULL && make() != STATUS_OK) {
		log_error("score: no memory to share");
		return STATUS_FAULT;
	}
	board->processes = processes;
	return STATUS_OK;
}

void
score_hand_over(bool on)
{
	char text[16];

	fcntl(board_fd, F_SETFD, on ? 0 : FD_CLOEXEC);
	snprintf(text, sizeof(text), "%d", board_fd);
	if (on)
		setenv(INHERIT, text, 1);
	else
		unsetenv(INHERIT);
}

/* --- counting --- */

/* There is one writer, so no locked instruction. */
static void
add(counter *c, uint64_t n)
{
	atomic_store_explicit(c,
	    atomic_load_explicit(c, memory_order_relaxed) + n,
	    memory_order_release);
}

static void
raise_to(_Atomic int *most, int n)
{
	int seen = atomic_load_explicit(most, memory_order_relaxed);

	while (n > seen && !atomic_compare_exchange_weak(most, &seen, n))
		;
}

static int
bucket(int64_t us)
{
	int i = 0;

	while ((double)us > bounds[i] * US)
		i++;
	return i;
}

static int
service_index(const char *method, const char *path)
{
	static const char prefix[] = "/ingest/";
	const size_t skip = sizeof(prefix) - 1;
	const struct service *const *s;
	int i = 0;

	if (strcmp(method, "POST") != 0 || strncmp(path, prefix, skip) != 0 ||
	    path[skip] == '\0' || strchr(path + skip, '/') != NULL)
		return -1;
	for (s = service_all(); *s != NULL; s++, i++)
		if (strcmp((*s)->name, path + skip) == 0)
			return i;
	return SCORE_OTHER;
}

void
score_join(bool is_status)
{
	pid_t none;
	int i;

	for (i = 0; board != NULL && i < SLOTS; i++) {
		none = 0;
		if (!atomic_compare_exchange_strong(
			&board->slots[i].pid, &none, getpid()))
			continue;
		mine = &board->slots[i];
		mine->is_status = is_status;
		mine->started_us = clock_wall_us();
		mine->requests = 0;
		mine->began_us = mine->last_us = 0;
		mine->turn = 0;
		mine->method[0] = mine->uri[0] = '\0';
		raise_to(&board->used, i + 1);
		atomic_fetch_add(&board->started, 1);
		return;
	}
}

static int
count_active(void)
{
	int i, n = 0;

	for (i = 0; i < board->used; i++)
		n += atomic_load_explicit(
			 &board->busy[i], memory_order_relaxed) == ACTIVE;
	return n;
}

static void
set_busy(int state)
{
	int active;

	if (mine == &spare)
		return;
	atomic_store_explicit(&board->busy[mine - board->slots],
	    (unsigned char)state, memory_order_release);
	if (state != ACTIVE)
		return;
	active = count_active();
	raise_to(&board->max_active, active);
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
score_begin(const char *method, const char *path, const char *query,
    const char *content_length)
{
	mine->began_us = clock_steady_us();
	show_request(method, path, query, content_length);
	add(&mine->requests, 1);
	outcome = service = -1;
	if (!mine->is_status) {
		add(&mine->tally.accepted, 1);
		if ((service = service_index(method, path)) >= 0)
			add(&mine->tally.received[service], 1);
	}
	set_busy(mine->is_status ? ACTIVE_STATUS : ACTIVE);
}

void
score_outcome(enum outcome is)
{
	outcome = (int)is;
	/* Its line of memory stays everybody's as long as all is well. */
	if (is == OUTCOME_STORED && board != NULL && board->disk_full_us != 0)
		board->disk_full_us = 0;
}

/* An answer that never came whole was no success, whatever was meant. */
static int
final_outcome(int status)
{
	if (status >= 500)
		return OUTCOME_FAILED;
	if (outcome >= 0)
		return outcome;
	return OUTCOME_REFUSED;
}

void
score_end(int status, int slow_ms)
{
	int64_t us = clock_steady_us() - mine->began_us;
	struct tally *t = &mine->tally;
	int is = final_outcome(status);

	if (service >= 0) {
		add(&t->took_us[service][is], (uint64_t)us);
		add(&t->took[service][is][bucket(us)], 1);
	}
	if (!mine->is_status) {
		add(&t->responses[status / 100 % SCORE_CLASSES], 1);
		if (slow_ms > 0 && us >= slow_ms * 1000LL)
			add(&t->slow, 1);
	}
	service = -1;
	mine->last_us = us;
	set_busy(IDLE);
}

void
score_rule(int n, bool fired)
{
	if (n < SCORE_RULES)
		add(fired ? &mine->tally.fired[n] : &mine->tally.suppressed[n],
		    1);
}

void
score_db_error(enum db_error error)
{
	add(&mine->tally.db_errors[error], 1);
	if (board != NULL && error == DB_ERROR_DISK_FULL)
		board->disk_full_us = clock_wall_us();
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
	board->busy[s - board->slots] = IDLE;
	s->pid = 0;
}

/* --- reading --- */

bool
score_pool(struct score_pool *out)
{
	int i;

	*out = (struct score_pool){ 0 };
	if (board == NULL)
		return false;
	out->started_us = board->started_us;
	out->active = count_active();
	for (i = 0; i < board->used; i++) {
		if (board->slots[i].pid == 0)
			continue;
		if (board->slots[i].is_status)
			out->status_responders++;
		else
			out->processes++;
	}
	out->idle =
	    out->processes > out->active ? out->processes - out->active : 0;
	out->max_active = board->max_active;
	out->max_reached = board->max_reached;
	out->max_queue = board->max_queue;
	out->started = board->started;
	for (i = 0; i < SCORE_ENDS; i++)
		out->ended[i] = board->ended[i];
	return true;
}

static void
sum(counter *to, const counter *from)
{
	size_t i;

	for (i = 0; i < sizeof(struct tally) / sizeof(counter); i++)
		to[i] += atomic_load_explicit(&from[i], memory_order_acquire);
}

void
score_sum(struct tally *out)
{
	int i;

	memset(out, 0, sizeof(*out));
	sum((counter *)out, (const counter *)&spare.tally);
	for (i = 0; board != NULL && i < board->used; i++)
		sum((counter *)out, (const counter *)&board->slots[i].tally);
}

/* A child killed while it wrote leaves its turn odd: then nothing is shown. */
static void
copy_request(const struct slot *s, struct score_process *out)
{
	unsigned int turn;
	int i;

	for (i = 0; i < TRIES; i++) {
		turn = atomic_load_explicit(&s->turn, memory_order_acquire);
		memcpy(out->method, s->method, sizeof(out->method));
		memcpy(out->uri, s->uri, sizeof(out->uri));
		out->length = s->length;
		atomic_thread_fence(memory_order_acquire);
		if (turn % 2 == 0 &&
		    turn ==
			atomic_load_explicit(&s->turn, memory_order_relaxed))
			return;
	}
	out->method[0] = out->uri[0] = '\0';
	out->length = 0;
}

bool
score_process(int *slot, struct score_process *out)
{
	const struct slot *s;

	for (; board != NULL && *slot < board->used; (*slot)++) {
		s = &board->slots[*slot];
		*out = (struct score_process){ .pid = s->pid,
			.is_status = s->is_status,
			.started_us = s->started_us,
			.requests = s->requests,
			.took_us = s->last_us };
		if (out->pid == 0)
			continue;
		copy_request(s, out);
		out->is_active = board->busy[*slot] != IDLE;
		if (out->is_active)
			out->took_us = clock_steady_us() - s->began_us;
		(*slot)++;
		return true;
	}
	return false;
}

int
score_queue(int length)
{
	if (board == NULL)
		return length;
	raise_to(&board->max_queue, length);
	return board->max_queue;
}

double
score_disk_full(void)
{
	int64_t at = board != NULL ? board->disk_full_us : 0;

	return at == 0 ? -1 : (double)(clock_wall_us() - at) / US;
}

double
score_bucket(int n)
{
	return bounds[n];
}

const char *
score_service(int n)
{
	return n < SCORE_OTHER ? service_all()[n]->name : "other";
}

const char *
score_outcome_name(int n)
{
	static const char *const names[OUTCOMES] = { "stored", "duplicate",
		"rejected", "refused", "failed" };

	return names[n];
}

const char *
score_end_name(int n)
{
	static const char *const names[SCORE_ENDS] = { "done", "failed",
		"timeout", "killed" };

	return names[n];
}

bool
score_rule_label(int n, const char **of, const char **derived)
{
	const struct service *const *s;
	const struct derived *d;
	const struct rule *rule;

	for (s = service_all(); *s != NULL; s++)
		for (rule = (*s)->rules; rule->applies != NULL; rule++)
			for (d = rule->derives; d->service != NULL; d++) {
				if (n-- > 0)
					continue;
				*of = (*s)->name;
				*derived = d->service;
				return true;
			}
	return false;
}
