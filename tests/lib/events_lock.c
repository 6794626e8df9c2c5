#include "events_lock.h"

#include "t.h"

#include "stack.h"

static bool
is_locked(void *url)
{
	return t_number(url,
		   "SELECT count(*) FROM pg_locks WHERE granted AND "
		   "mode = 'ExclusiveLock' AND "
		   "relation = 'events'::regclass") > 0;
}

FILE *
events_lock(const char *url, const char *then)
{
	char command[512];
	FILE *lock;

	snprintf(command, sizeof(command), "psql -qX '%s' >/dev/null", url);
	lock = popen(command, "w");
	assert_non_null(lock);
	fprintf(lock, "BEGIN; LOCK TABLE events IN EXCLUSIVE MODE; %s\n", then);
	fflush(lock);
	stack_wait(is_locked, (void *)(uintptr_t)url, "events is locked");
	return lock;
}

void
events_unlock(FILE *lock)
{
	fputs("COMMIT;\n", lock);
	pclose(lock);
}
