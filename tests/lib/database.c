#include "database.h"

enum {
	TIMEOUT_MS = 30000
};

const char *url;
char *moved;
struct db *database;

int
database_make(void **state)
{
	(void)state;
	url = t_database();
	return 0;
}

int
database_open(void **state)
{
	database_make(state);
	database = db_new(url, "test", TIMEOUT_MS);
	return database == NULL;
}

int
database_open_moved(void **state)
{
	database_make(state);
	moved = t_moved_clock(url);
	database = db_new(moved, "test", TIMEOUT_MS);
	return database == NULL;
}

int
database_drop(void **state)
{
	(void)state;
	db_free(database);
	free(moved);
	t_drop(url);
	return 0;
}

enum status
database_beat(struct db *on)
{
	return db_run(
	    on, Q_worker_beat, (const char *const[]){ "w", "[]" }, NULL);
}

int
database_backend(void)
{
	return (int)t_number(url,
	    "SELECT max(pid) FROM pg_stat_activity WHERE application_name = "
	    "'test' AND datname = current_database()");
}

int
database_migrate(const char *command)
{
	char line[256];

	setenv("DATABASE_URL", url, 1);
	snprintf(line, sizeof(line), "sql/migrate %s >/dev/null 2>&1", command);
	return system(line);
}
