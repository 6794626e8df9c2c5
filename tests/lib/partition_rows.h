/*
 * Events in weeks that have no partition, and the job that makes partitions.
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

/* Memory shared by this process and its children. */
struct shared {
	volatile int stop;
	volatile int inserted; /* number of ids, all committed */
	volatile int errors, missed, looked_up;
	volatile int64_t longest_ms;
	char ids[IDS][40];
};

extern struct shared *partition_shared;
extern struct config partition_config;

int partition_open(void **state);
int partition_close(void **state);

/* Drops the partitions of weeks `first` to `last`; 0 is the current week. */
void partition_forget(int first, int last);

/* Stores events over the last `weeks` weeks; negative: over the next weeks. */
void partition_put(int rows, int weeks);
long long partition_rows_of(const char *table);

enum turn partition_run_job(struct db *db);

/* Runs the job until it has nothing to do; returns how often it ran. */
int partition_run_to_the_end(int64_t *longest_ms);

/*
 * Repeats partition_run_to_the_end() until the default partition is empty, for
 * 60 s at the most: an autovacuum can block the job for a while.
 */
int partition_run_until_drained(int64_t *longest_ms);
void partition_expect_all_moved(long long rows);

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, partition_open, partition_close)

#endif
