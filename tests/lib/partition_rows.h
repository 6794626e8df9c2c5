/*
 * Events in weeks that have no partition, and the job that makes it.
 */
#ifndef PARTITION_ROWS_H
#define PARTITION_ROWS_H

#include "t.h"

#include "database.h"

#include <stdbool.h>

#include "config.h"
#include "jobs.h"

enum {
	ROWS = 300000,
	IDS = 100000
};

/* Between this process and its children. */
struct shared {
	volatile int stop;
	volatile int inserted; /* of ids, all acknowledged */
	volatile int errors, missed, looked_up;
	volatile int64_t longest_ms;
	char ids[IDS][40];
};

extern struct shared *partition_shared;
extern struct config partition_config;

int partition_open(void **state);
int partition_close(void **state);

/* No partition of the weeks from `first` to `last`, 0 being this one. */
void partition_forget(int first, int last);

/* Events of the weeks until now, evenly; `weeks` may be negative. */
void partition_put(int rows, int weeks);
long long partition_rows_of(const char *table);

enum turn partition_run_job(struct db *db);

/* Until it rests; how often it was run. */
int partition_run_to_the_end(int64_t *longest_ms);

/* As the minutes pass: an autovacuum may be in the way for a while. */
int partition_run_until_drained(int64_t *longest_ms);
void partition_expect_all_moved(long long rows);

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, partition_open, partition_close)

#endif
