#include "board.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define INHERIT "SMARTCITY_SCOREBOARD" /* descriptor of the board */

enum {
	VERSION_OF_LAYOUT = 2
};

struct board *board;
struct slot board_spare;
static int board_fd = -1;

const char *
score_service(int n)
{
	return n < SCORE_OTHER ? service_all()[n]->name : "other";
}

static uint64_t
mix(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

/* A hash, since another release can have other services, rules or counters. */
static uint64_t
layout(void)
{
	uint64_t hash =
	    sizeof(struct board) ^ (uint64_t)VERSION_OF_LAYOUT << 56;
	struct derivation at;
	int i;

	for (i = 0; i < SCORE_SERVICES; i++)
		hash = mix(hash, score_service(i));
	for (i = 0; service_derivation(i, &at); i++)
		hash = mix(mix(hash, at.service->name), at.derived->service);
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
	log_info("score: this release has other services, rules or counters, "
		 "so all counters start at 0");
	if (board != NULL)
		munmap(board, sizeof(*board));
	board = NULL;
	close(fd);
}

/* The kernel allocates memory only for the slots that are written to. */
static enum status
make(void)
{
	board_fd = memfd_create("smartcity-score", MFD_CLOEXEC);
	if (board_fd < 0 || ftruncate(board_fd, sizeof(struct board)) != 0 ||
	    (board = map(board_fd)) == NULL)
		return STATUS_FAULT;
	board->layout = layout();
	board->started_us = clock_wall_us();
	board->start_us = clock_steady_us();
	return STATUS_OK;
}

int
board_cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
							    : 1;
}

enum status
board_open(int processes)
{
	inherit();
	if (board == NULL && make() != STATUS_OK) {
		log_error("score: no shared memory for the counters");
		return STATUS_FAULT;
	}
	board->processes = processes;
	board->cores = board_cores() < processes ? board_cores() : processes;
	return STATUS_OK;
}

void
board_hand_over(bool on)
{
	char text[16];

	fcntl(board_fd, F_SETFD, on ? 0 : FD_CLOEXEC);
	snprintf(text, sizeof(text), "%d", board_fd);
	if (on)
		setenv(INHERIT, text, 1);
	else
		unsetenv(INHERIT);
}

void
board_raise_to(_Atomic int *most, int n)
{
	int seen = atomic_load_explicit(most, memory_order_relaxed);

	while (n > seen && !atomic_compare_exchange_weak(most, &seen, n))
		;
}

int
board_count(int least)
{
	int i, n = 0;

	for (i = 0; i < board->used; i++)
		n += atomic_load_explicit(
			 &board->busy[i], memory_order_relaxed) >= least;
	return n;
}
