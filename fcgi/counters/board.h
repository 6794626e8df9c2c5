/*
 * The scoreboard's memory: made by the master, shared with its children, and
 * handed to the program that takes its place. score.c counts in it, and
 * score_read.c reads it.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdalign.h>

#include "score.h"
#include "status.h"

enum {
	BOARD_SLOTS = 20480 /* twice SMARTCITY_PROCESSES at its most */
};

/* The states of a slot, in `busy`. */
enum {
	SLOT_IDLE,
	SLOT_STATUS,
	SLOT_ACTIVE,
	SLOT_STORING /* active, with plain events in hand */
};

struct slot {
	alignas(64) _Atomic pid_t pid; /* 0: free */
	_Atomic bool is_status;
	_Atomic int64_t started_us;        /* wall clock */
	_Atomic int64_t start_us;          /* steady clock */
	_Atomic int64_t began_us, last_us; /* steady clock; last duration */
	counter requests;                  /* served by this process */
	/* Odd while the texts change, so that a reader tries again. */
	_Atomic unsigned int turn;
	char method[SCORE_METHOD_LEN], uri[SCORE_URI_LEN];
	long long length;
	struct tally tally;
};

struct board {
	uint64_t layout;
	int64_t started_us, start_us; /* wall clock, steady clock */
	_Atomic int processes, cores, used, max_active, max_queue;
	counter max_reached, started, ended[SCORE_ENDS];
	_Atomic int64_t disk_full_us; /* steady clock */
	atomic_bool clock_told;       /* a wrong clock has been logged */
	/* In one array, since each request counts the active slots. */
	alignas(64) _Atomic unsigned char busy[BOARD_SLOTS];
	struct slot slots[BOARD_SLOTS];
};

extern struct board *board;     /* NULL: this process has no board */
extern struct slot board_spare; /* counts without a board */

/* The cores that this process may use; in a container often fewer. */
int board_cores(void);
/* Takes over the former program's board if its layout fits, or makes one. */
enum status board_open(int processes) MUST_CHECK;
/* Sets whether a program that this process exec()s inherits the board. */
void board_hand_over(bool on);

/* Processes whose state is `least` or one that stands after it. */
int board_count(int least);
void board_raise_to(_Atomic int *most, int n);

#endif
