/* smartcity-worker: arguments, signals, the loop. */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "jobs.h"
#include "log.h"
#include "sink.h"
#include "tally.h"
#include "worker.h"

enum {
	SINKS_MAX = 8,
	WIND_UP_MS = 8000
};

static void
usage(FILE *f)
{
	fputs(
	    "Usage: smartcity-worker [--help | --version | --config]\n"
	    "\n"
	    "Delivers the outbox, publishes the live stream, makes partitions\n"
	    "ahead and forgets what is old, until SIGTERM, SIGINT or SIGQUIT.\n"
	    "Any number of workers may run at once.\n"
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
 * Blocked, a stop signal waits until the loop reads it as a file: no job is cut
 * off half-way, none is lost.
 */
static int
open_signals(void)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGQUIT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The stop signal that came, or 0. */
static int
read_signal(int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

/* Until something happens, and lets the sinks work at what did. */
static void
wait_and_work(int signals, int64_t ms)
{
	struct pollfd fds[1 + SINKS_MAX] = { { signals, POLLIN, 0 } };
	int i, n = 0;

	for (i = 0; i < SINKS_MAX && sink_at(i) != NULL; i++)
		fds[++n] = (struct pollfd){ sink_at(i)->fd(), POLLIN, 0 };
	if (poll(fds, (nfds_t)n + 1, (int)ms) <= 0)
		return;
	for (i = 1; i <= n; i++)
		if (fds[i].revents != 0)
			sink_at(i - 1)->work();
}

static int64_t
run_what_is_due(struct worker *w, struct job jobs[])
{
	struct job *job = jobs_due(jobs, JOBS, clock_steady_ms());
	int64_t next, wait;
	enum turn turn;

	if (job != NULL) {
		turn = job->run(w);
		tally_job(job->name, turn >= TURN_RETRY, clock_wall_us());
		job_done(job, turn, clock_steady_ms());
	}
	next = dispatch_run(w->dispatch, w->db);
	wait = jobs_wait_ms(jobs, JOBS, clock_steady_ms());
	return next < wait ? next : wait;
}

/* What is under way may end, but not for ever; a second signal ends it now. */
static void
wind_up(struct worker *w, int signals)
{
	int64_t end = clock_steady_ms() + WIND_UP_MS, wait;

	dispatch_stop(w->dispatch);
	for (;;) {
		wait = dispatch_run(w->dispatch, w->db);
		if ((dispatch_is_idle(w->dispatch) &&
			stream_is_idle(w->stream)) ||
		    clock_steady_ms() >= end || read_signal(signals) != 0)
			return;
		wait_and_work(signals, wait < 100 ? wait : 100);
	}
}

static int
work(struct worker *w, int signals)
{
	struct job jobs[JOBS];
	int sig;

	jobs_init(jobs);
	while ((sig = read_signal(signals)) == 0)
		wait_and_work(signals, run_what_is_due(w, jobs));
	wind_up(w, signals);
	return sig;
}

/* A connection is a file; there may be as many as there may be deliveries. */
static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int
run(const struct config *config)
{
	int signals = open_signals();
	char error[256];
	struct worker w;

	raise_file_limit();
	if (worker_open(&w, config, error) != STATUS_OK) {
		fprintf(stderr, "smartcity-worker: %s\n", error);
		return EX_CONFIG;
	}
	log_info("worker: %s started", w.name);
	log_info("worker: stopped by signal %d", work(&w, signals));
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
