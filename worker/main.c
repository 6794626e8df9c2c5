/* smartcity-worker: arguments, signals, the loop. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "anew.h"
#include "clock.h"
#include "dbclock.h"
#include "jobs.h"
#include "log.h"
#include "notify.h"
#include "spelling.h"
#include "tally.h"
#include "worker.h"

enum {
	WIND_UP_MS = 8000
};

/* What handling signals needs. */
struct process {
	int signals;     /* signalfd */
	sigset_t before; /* the mask at the start */
	char **argv;
};

static void
usage(FILE *f)
{
	fputs(
	    "Usage: smartcity-worker [--help | --version | --config | "
	    "--check |\n"
	    "                         --alive]\n"
	    "\n"
	    "Delivers the outbox, publishes the live stream, makes partitions\n"
	    "ahead and deletes old messages. Any number of workers can run at\n"
	    "the same time.\n"
	    "\n"
	    "  --help     this text\n"
	    "  --version  the version\n"
	    "  --config   the settings in force\n"
	    "  --check    test the settings; exit status 78 if one is wrong\n"
	    "  --alive    fail unless a worker of this host was seen lately\n"
	    "\n"
	    "  SIGTERM, SIGINT, SIGQUIT  stop when the current attempts have "
	    "ended\n"
	    "  SIGHUP, SIGUSR2           the same, then start anew, unless\n"
	    "                            --check fails\n"
	    "  SIGUSR1                   log debug lines; sent again, stop it\n"
	    "\n"
	    "The manual page has exit statuses, files and examples.\n"
	    "\n",
	    f);
	config_help(f, CONFIG_WORKER);
}

/*
 * The option given: 'h', 'v', 'c', 'C' (--check), 'a', '?' (wrong), or 0 if
 * there is none.
 */
static int
parse_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ "config", no_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'C' },
		{ "alive", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	int c = getopt_long(argc, argv, "", options, NULL);

	if (c == -1)
		return optind < argc ? '?' : 0;
	return c;
}

/* Signals are read as a file, so that none cuts a job off half-way. */
static int
open_signals(sigset_t *before)
{
	sigset_t obeyed;

	anew_block(&obeyed, before);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &obeyed, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool
check_anew(const struct process *p)
{
	pid_t pid = anew_check(p->argv, &p->before);
	int status = -1;

	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		return true;
	log_error("worker: no reload: --check failed");
	return false;
}

/* The signal that ends the work, or 0. */
static int
read_signal(const struct process *p)
{
	struct signalfd_siginfo info;
	int sig;

	if (read(p->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	sig = (int)info.ssi_signo;
	if (sig == SIGUSR1)
		log_debug_toggle();
	if (sig == SIGUSR1 || (anew_is_asked(sig) && !check_anew(p)))
		return 0;
	return sig;
}

/* Waits for a signal or a socket, at most `ms`; then serves the sockets. */
static void
wait_and_work(struct worker *w, const struct process *p, int64_t ms)
{
	struct pollfd fds[1 + WORKER_FILES] = { { p->signals, POLLIN, 0 } };
	int n = worker_files(w, fds + 1);

	if (poll(fds, (nfds_t)n + 1, (int)ms) > 0)
		worker_work(w, fds + 1, n);
}

static int64_t
run_what_is_due(struct worker *w, struct job jobs[])
{
	struct job *job = jobs_due(jobs, JOBS, clock_steady_ms());
	int64_t next, wait;
	enum turn turn;

	if (job != NULL) {
		turn = job_run(job, w, clock_steady_ms());
		tally_job(job->name, turn >= TURN_RETRY, dbclock_us());
		job_done(job, turn, clock_steady_ms());
	}
	next = dispatch_run(w->dispatch, w->db);
	wait = jobs_wait_ms(jobs, JOBS, clock_steady_ms());
	return next < wait ? next : wait;
}

/*
 * Waits until deliveries and live stream are idle, but at most WIND_UP_MS, and
 * if the program starts anew, SMARTCITY_DELIVERY_TIMEOUT longer. A second
 * signal ends the waiting and is returned instead of the first.
 */
static int
wind_up(struct worker *w, const struct process *p, int sig)
{
	int64_t wait, end = clock_steady_ms() + WIND_UP_MS;
	int next = 0;

	if (anew_is_asked(sig))
		end += w->config->delivery_timeout * 1000LL;
	else
		notify("STOPPING=1");
	dispatch_stop(w->dispatch);
	for (;;) {
		wait = dispatch_run(w->dispatch, w->db);
		if ((dispatch_is_idle(w->dispatch) &&
			stream_is_idle(w->stream)) ||
		    clock_steady_ms() >= end || (next = read_signal(p)) != 0)
			return next != 0 ? next : sig;
		wait_and_work(w, p, wait < 100 ? wait : 100);
	}
}

static int
work(struct worker *w, const struct process *p)
{
	struct job jobs[JOBS];
	int sig;

	jobs_init(jobs);
	while ((sig = read_signal(p)) == 0)
		wait_and_work(w, p, run_what_is_due(w, jobs));
	return wind_up(w, p, sig);
}

/* Each delivery being made needs a descriptor. */
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
open_worker(struct worker *w, const struct config *config)
{
	char error[256];

	if (worker_open(w, config, error) == STATUS_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "smartcity-worker: %s\n", error);
	return EX_CONFIG;
}

static int
check(const struct config *config)
{
	struct worker w;
	int rc = open_worker(&w, config);

	if (rc == EXIT_SUCCESS)
		worker_close(&w);
	return rc;
}

static int
run(const struct config *config, char **argv)
{
	struct process p = { .argv = argv };
	struct worker w;
	int rc, sig;

	p.signals = open_signals(&p.before);
	raise_file_limit();
	if ((rc = open_worker(&w, config)) != EXIT_SUCCESS)
		return rc;
	log_info("worker: %s started", w.name);
	notify("READY=1");
	sig = work(&w, &p);
	if (!anew_is_asked(sig)) {
		log_info("worker: stopped by signal %d", sig);
		worker_leave(&w);
		worker_close(&w);
		return EXIT_SUCCESS;
	}
	/* With the same pid the worker keeps its name, and so its row. */
	log_info("worker: starts anew");
	worker_close(&w);
	execvp(argv[0], argv);
	log_error("worker: cannot start anew: %s", strerror(errno));
	return EX_OSERR;
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
		config_print(&config, CONFIG_WORKER, stdout);
		return EXIT_SUCCESS;
	}
	log_open("smartcity-worker", (enum log_level)config.business.log_level);
	if (wish == 'a')
		return worker_is_alive(&config) ? EXIT_SUCCESS : EXIT_FAILURE;
	spelling_check();
	if (wish == 'C')
		return check(&config);
	return run(&config, argv);
}
