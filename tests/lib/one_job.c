#include "one_job.h"

#include <string.h>

#include "t.h"

struct job
one_job(const char *name)
{
	struct job jobs[JOBS];
	int i;

	jobs_init(jobs);
	for (i = 0; i < JOBS; i++)
		if (strcmp(jobs[i].name, name) == 0)
			return jobs[i];
	fail_msg("no job is named %s", name);
	return jobs[0];
}
