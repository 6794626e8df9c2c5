#include "partition_rows.h"

#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "one_job.h"

struct shared *partition_shared;
struct config partition_config;

int
partition_open(void **state)
{
	database_make(state);
	partition_config = (struct config){ .partitions_ahead = 4 };
	partition_shared = mmap(NULL, sizeof(*partition_shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return partition_shared == MAP_FAILED;
}

int
partition_close(void **state)
{
	munmap(partition_shared, sizeof(*partition_shared));
	database_drop(state);
	return 0;
}

void
partition_forget(int first, int last)
{
	t_exec(url,
	    "DO $$ DECLARE t text; BEGIN FOR t IN"
	    " SELECT to_char((now() + w * interval '168 hours')"
	    "   AT TIME ZONE 'UTC', '\"events_\"IYYY\"w\"IW')"
	    "  FROM generate_series(%d, %d) AS w"
	    " LOOP EXECUTE format('DROP TABLE IF EXISTS %%I', t);"
	    " END LOOP; END $$",
	    first, last);
}

void
partition_put(int rows, int weeks)
{
	t_exec(url,
	    "INSERT INTO events (id, service, timestamp, payload)"
	    " SELECT overlay(uuid_v7_floor(now() - n * interval '1 week' * %d"
	    "  / %d)::text PLACING lpad(to_hex(n), 12, '0') FROM 25)::uuid,"
	    "  'x', now(), '{\"type\":\"a reading of no interest\"}'"
	    " FROM generate_series(0, %d) AS n",
	    weeks, rows, rows - 1);
}

long long
partition_rows_of(const char *table)
{
	return t_number(url, "SELECT count(*) FROM %s", table);
}

enum turn
partition_run_job(struct db *db)
{
	struct worker w = { .config = &partition_config, .db = db };

	return one_job("partitions").run(&w);
}

int
partition_run_to_the_end(int64_t *longest_ms)
{
	struct db *db = db_new(url, "partitions", 30000);
	enum turn turn;
	int runs = 0;

	*longest_ms = 0;
	assert_int_equal(db_connect(db), STATUS_OK);
	do {
		int64_t began = clock_steady_ms(), took;

		turn = partition_run_job(db);
		took = clock_steady_ms() - began;
		if (took > *longest_ms)
			*longest_ms = took;
		runs++;
	} while (turn == TURN_AGAIN && runs < 10000);
	db_free(db);
	assert_int_equal(turn, TURN_REST);
	return runs;
}

int
partition_run_until_drained(int64_t *longest_ms)
{
	int64_t deadline = clock_steady_ms() + 60000, longest;
	int runs = 0;

	*longest_ms = 0;
	do {
		runs += partition_run_to_the_end(&longest);
		if (longest > *longest_ms)
			*longest_ms = longest;
	} while (partition_rows_of("events_default") > 0 &&
	    clock_steady_ms() < deadline);
	return runs;
}

void
partition_expect_all_moved(long long rows)
{
	assert_int_equal(partition_rows_of("events_default"), 0);
	assert_int_equal(partition_rows_of("events"), rows);
	assert_int_equal(
	    t_number(url, "SELECT count(DISTINCT id) FROM events"), rows);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM events WHERE"
			     " tableoid::regclass::text <> to_char("
			     " uuid_v7_week(id) AT TIME ZONE 'UTC',"
			     " '\"events_\"IYYY\"w\"IW')"),
	    0);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM pg_class WHERE relname ="
			     " 'events_staged'"),
	    0);
}
