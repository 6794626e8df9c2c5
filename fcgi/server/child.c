#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "children.h"
#include "clock.h"
#include "db.h"
#include "fastcgi.h"
#include "log.h"
#include "score.h"

/*
 * SIGTERM stays blocked, and is read from a descriptor that is polled together
 * with the socket: so it interrupts no request, is not lost, and is seen even
 * if the socket is always ready.
 */
static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* EPOLLEXCLUSIVE: a connection wakes one of the waiting children, not all. */
static int
open_epoll(int listen_fd, int signals)
{
	struct epoll_event socket = { .events = EPOLLIN | EPOLLEXCLUSIVE,
		.data.fd = listen_fd };
	struct epoll_event stop = { .events = EPOLLIN, .data.fd = signals };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0 || signals < 0 ||
	    epoll_ctl(fd, EPOLL_CTL_ADD, listen_fd, &socket) != 0 ||
	    epoll_ctl(fd, EPOLL_CTL_ADD, signals, &stop) != 0)
		return -1;
	return fd;
}

/* Up to a tenth below max, so that not all children end at the same time. */
static int
requests_to_serve(int max)
{
	unsigned int random = (unsigned int)(clock_wall_us() ^ getpid());

	return max - (int)(random % ((unsigned int)max / 10 + 1));
}

/*
 * SIGALRM ends a process that hangs in a request, and the master starts
 * another. To save two system calls a request, one alarm is for all requests
 * that begin within SHARED_MS, so it comes up to as much later.
 */
enum {
	SHARED_MS = 1000,
	MOMENT_MS = 2
};

/* When the alarm was set, in steady milliseconds; 0: it is not set. */
static int64_t alarm_set;

static void
set_alarm(int request_timeout)
{
	int64_t now = clock_steady_ms();

	if (alarm_set != 0 && now - alarm_set < SHARED_MS)
		return;
	alarm((unsigned int)(request_timeout + SHARED_MS / 1000));
	alarm_set = now;
}

/*
 * No alarm comes while this process waits for a request: returns after how many
 * milliseconds to call this again, or -1 if the alarm is not set any more.
 */
static int
rest(struct db *db)
{
	int64_t left = alarm_set + SHARED_MS - clock_steady_ms();

	if (alarm_set != 0 && left > 0)
		return (int)left;
	if (alarm_set != 0) {
		alarm(0);
		db_rest(db);
	}
	alarm_set = 0;
	return -1;
}

/*
 * While the pool stores events, a responder that was idle leaves what is ready
 * to the busy ones: they take requests along, which costs much less than a
 * transaction for each. It helps as soon as they accept nothing for a moment.
 * Nobody else takes along what waits for a status responder.
 */
static bool
is_needed(bool is_status)
{
	uint64_t before;

	if (is_status || !score_is_storing())
		return true;
	before = score_accepted();
	poll(NULL, 0, MOMENT_MS);
	return !score_is_storing() || score_accepted() == before;
}

/* Answers what is ready at the socket. */
static enum status
serve_ready(const struct context *context, int *left)
{
	enum status status;
	int served;

	do {
		set_alarm(context->config->request_timeout);
		status = fastcgi_serve(context, &served);
		*left -= served;
	} while (fastcgi_has_more());
	return status;
}

static int
serve(const struct context *context, bool is_status, int epoll, int signals)
{
	int i, n, max = context->config->max_requests, left;
	struct epoll_event ready[2];
	bool stop = false;

	left = requests_to_serve(max);
	while (!stop && (max == 0 || left > 0)) {
		n = epoll_wait(epoll, ready, 2, rest(context->db));
		if (n < 0 && errno != EINTR)
			return 1;
		/*
		 * If both descriptors are ready the connection is served too,
		 * because no other child was woken for it.
		 */
		for (i = 0; i < n; i++) {
			if (ready[i].data.fd == signals) {
				stop = true;
				continue;
			}
			if (is_needed(is_status) &&
			    serve_ready(context, &left) == STATUS_FAULT)
				return 1;
		}
	}
	return 0;
}

int
child_run(void *arg, int n)
{
	const struct child *child = arg;
	const struct config *config = child->config;
	struct context context = { .routing = child->routing,
		.config = config,
		.guard = child->guard,
		.listen_fd = child->listener->fd };
	bool is_status = n >= child->processes;
	int fd = is_status ? child->status_listener->fd : child->listener->fd;
	int signals = open_signals(), status = 1;
	int epoll = open_epoll(fd, signals);

	score_join(is_status);
	if (epoll < 0 || fastcgi_open(fd) != STATUS_OK) {
		log_error("child: cannot start: %s", strerror(errno));
		return 1;
	}
	context.db = db_new(
	    config->database_url, "smartcity-fcgi", config->db_timeout_ms);
	if (context.db == NULL) {
		log_error("child: out of memory");
		return 1;
	}
	/* A failure was logged; each request tries to connect again. */
	if (db_connect(context.db) == STATUS_OK)
		log_debug("child: connected");
	children_ready();
	status = serve(&context, is_status, epoll, signals);
	db_free(context.db);
	return status;
}
