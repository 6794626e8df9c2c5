/* smartcity-worker: arguments, signals, the loop. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "clock.h"
#include "jobs.h"
#include "log.h"
#include "worker.h"

static void
usage(FILE *f)
{
	fputs("Usage: smartcity-worker [--help | --version | --config]\n"
	      "\n"
	      "Delivers the outbox and makes partitions ahead, until SIGTERM,\n"
	      "SIGINT or SIGQUIT. Any number of workers may run at once.\n"
	      "\n"
	      "  --help     this text\n"
	      "  --version  the version\n"
	      "  --config   the settings in force\n"
	      "\n"
	      "Settings come from the environment, else from ./.env:\n"
	      "\n",
	    f);
	config_help(f);
}

/* What the arguments ask for: 'h', 'v', 'c', '?' (wrong) or 0 (to work). */
static int
parse_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ "config", no_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int c = getopt_long(argc, argv, "", options, NULL);

	if (c == -1)
		return optind < argc ? '?' : 0;
	return c;
}

/*
 * Blocked, a stop signal waits until the loop asks for it: no job is cut off
 * half-way, none is lost. A receiver gone from stdout is the sink's to report.
 */
static void
block_signals(sigset_t *stop)
{
	sigemptyset(stop);
	sigaddset(stop, SIGTERM);
	sigaddset(stop, SIGINT);
	sigaddset(stop, SIGQUIT);
	sigprocmask(SIG_BLOCK, stop, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

/* The stop signal that came within that time, or 0. */
static int
wait_for_stop(const sigset_t *stop, int64_t ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	int sig = sigtimedwait(stop, NULL, &t);

	return sig > 0 ? sig : 0;
}

static int
work(struct worker *w, const sigset_t *stop)
{
	struct job jobs[JOBS], *job;
	int64_t wait = 0;
	int sig;

	jobs_init(jobs, w->config);
	while ((sig = wait_for_stop(stop, wait)) == 0) {
		job = jobs_due(jobs, JOBS, clock_steady_ms());
		if (job != NULL)
			job_done(job, job->run(w), clock_steady_ms());
		wait = jobs_wait_ms(jobs, JOBS, clock_steady_ms());
	}
	return sig;
}

static int
run(const struct config *config)
{
	char error[256];
	struct worker w;
	sigset_t stop;

	block_signals(&stop);
	if (worker_open(&w, config, error) != STATUS_OK) {
		fprintf(stderr, "smartcity-worker: %s\n", error);
		return EX_CONFIG;
	}
	log_info("worker: %s started, sink %s", w.name, w.sink->name);
	log_info("worker: stopped by signal %d", work(&w, &stop));
	worker_close(&w);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static struct config config;
	int wish = parse_arguments(argc, argv);
	char error[256];

	switch (wish) {
	case 'h':
		usage(stdout);
		return EXIT_SUCCESS;
	case 'v':
		puts("smartcity-worker " VERSION);
		return EXIT_SUCCESS;
	case '?':
		usage(stderr);
		return EX_USAGE;
	}
	if (config_load(&config, error) != STATUS_OK) {
		fprintf(stderr, "smartcity-worker: %s\n", error);
		return EX_CONFIG;
	}
	if (wish == 'c') {
		config_print(&config, stdout);
		return EXIT_SUCCESS;
	}
	log_open("smartcity-worker", (enum log_level)config.log_level);
	return run(&config);
}
