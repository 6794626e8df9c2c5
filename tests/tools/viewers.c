/*
 * viewers PORT COUNT SECONDS: holds COUNT viewers of /events/stream open on
 * 127.0.0.1:PORT for SECONDS and counts what they receive. Prints "open" on
 * stderr once all were answered and, at the end, one line on stdout:
 *
 *	viewers=N messages=M bytes=B
 *
 * N: viewers that were still open at the end. The exit status is 1 if N is not
 * COUNT.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum {
	EVENTS = 256,
	READ_BYTES = 65536
};

struct viewer {
	int fd;
	bool asked, answered;
	const char *want; /* the part of "data:" still to come on this
			     line; NULL: the line has another start */
};

static struct sockaddr_in at = { .sin_family = AF_INET };
static struct viewer *viewers;
static int count, open_now, answered;
static long long messages, bytes;
static int epoll;

static void
die(const char *what)
{
	fprintf(stderr, "viewers: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
connect_viewer(struct viewer *v)
{
	struct epoll_event e = { .events = EPOLLOUT, .data.ptr = v };

	v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (v->fd < 0)
		die("socket");
	v->want = "data:";
	if (connect(v->fd, (struct sockaddr *)&at, sizeof(at)) != 0 &&
	    errno != EINPROGRESS)
		die("connect");
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, v->fd, &e) != 0)
		die("epoll_ctl");
	open_now++;
}

static void
drop(struct viewer *v)
{
	close(v->fd);
	v->fd = -1;
	open_now--;
}

static void
ask(struct viewer *v)
{
	static const char request[] = "GET /events/stream HTTP/1.1\r\n"
				      "Host: localhost\r\n"
				      "Accept: text/event-stream\r\n\r\n";
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = v };

	if (write(v->fd, request, sizeof(request) - 1) !=
		(ssize_t)sizeof(request) - 1 ||
	    epoll_ctl(epoll, EPOLL_CTL_MOD, v->fd, &e) != 0)
		drop(v);
	v->asked = true;
}

/* A message is one line that begins with "data:". */
static void
count_messages(struct viewer *v, const char *s, size_t n)
{
	const char *end = s + n;

	while (s < end) {
		if (v->want == NULL) {
			s = memchr(s, '\n', (size_t)(end - s));
			if (s == NULL)
				return;
			s++;
			v->want = "data:";
		} else if (*s == *v->want) {
			s++;
			if (*++v->want == '\0') {
				messages++;
				v->want = NULL;
			}
		} else {
			v->want = NULL;
		}
	}
}

static void
take(struct viewer *v)
{
	static char in[READ_BYTES];
	ssize_t n = read(v->fd, in, sizeof(in));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 ||
	    (!v->answered && (n < 12 || memcmp(in + 9, "200", 3) != 0))) {
		drop(v);
		return;
	}
	if (!v->answered) {
		v->answered = true;
		if (++answered == count)
			fputs("open\n", stderr);
	}
	bytes += n;
	count_messages(v, in, (size_t)n);
}

static void
watch(int64_t end)
{
	struct epoll_event events[EVENTS];
	int64_t left;
	int i, n;

	while ((left = end - clock_steady_ms()) > 0 && open_now > 0) {
		n = epoll_wait(epoll, events, EVENTS, (int)left);
		for (i = 0; i < n; i++) {
			struct viewer *v = events[i].data.ptr;

			if (v->asked)
				take(v);
			else
				ask(v);
		}
	}
}

static void
allow_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
main(int argc, char **argv)
{
	int port, seconds, i;

	if (argc != 4 || (port = atoi(argv[1])) <= 0 ||
	    (count = atoi(argv[2])) <= 0 || (seconds = atoi(argv[3])) <= 0) {
		fputs("Usage: viewers PORT COUNT SECONDS\n", stderr);
		return 2;
	}
	allow_files();
	at.sin_port = htons((in_port_t)port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	viewers = calloc((size_t)count, sizeof(*viewers));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (viewers == NULL || epoll < 0)
		die("start");
	for (i = 0; i < count; i++)
		connect_viewer(&viewers[i]);
	watch(clock_steady_ms() + seconds * 1000LL);
	printf(
	    "viewers=%d messages=%lld bytes=%lld\n", open_now, messages, bytes);
	return open_now == count ? 0 : 1;
}
