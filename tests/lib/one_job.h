/* A job of the worker by its name. */
#ifndef ONE_JOB_H
#define ONE_JOB_H

#include "jobs.h"

/* The job before its first run; a name that no job has fails the test. */
struct job one_job(const char *name);

#endif
