/*
 * senders PORT RATE SECONDS [ALERT]: posts health events, each of another
 * patient, to 127.0.0.1:PORT/ingest/health over kept connections, RATE a second
 * however long the answers take (0: as fast as they come). ALERT is "emergency"
 * unless given. At the end, on stdout, one line:
 *
 *	rate=R ok=N refused=N broken=N unsent=N p50=MS p99=MS
 *
 * R: answers 200 a second; refused: answers of another status; broken: requests
 * without an answer; unsent: requests that were due while no connection was
 * free. Milliseconds count from when a request was due, not from when it could
 * be sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum {
	SENDERS = 64,
	ANSWER_MAX = 16384,
	SECOND = 1000000,
	GRACE = 5 * SECOND, /* wait for the last answers */
	TIMES_MAX = 1 << 22
};

static struct sender {
	int fd; /* -1: not connected */
	bool busy;
	int64_t due_us;
	char in[ANSWER_MAX + 1];
	size_t len;
} senders[SENDERS];

static struct sockaddr_in at = { .sin_family = AF_INET };
static const char *alert = "emergency";
static int64_t patient;
static long ok, refused, broken;
static float *times; /* in ms, of the requests answered 200 */
static int epoll;

static void
die(const char *what)
{
	fprintf(stderr, "senders: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static void
disconnect(struct sender *s)
{
	close(s->fd);
	s->fd = -1;
}

static bool
connected(struct sender *s)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };
	int one = 1;

	if (s->fd >= 0)
		return true;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		die("socket");
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(s->fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	    epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &e) == 0)
		return true;
	disconnect(s);
	return false;
}

static void
post(struct sender *s, int64_t due_us)
{
	char body[128], text[512];
	int body_len, len;

	body_len = snprintf(body, sizeof(body),
	    "{\"patient_id\":%lld,\"alert\":\"%s\",\"location\":\"Rua %lld\"}",
	    (long long)patient, alert, (long long)patient);
	patient++;
	len = snprintf(text, sizeof(text),
	    "POST /ingest/health HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
	    body_len, body);
	s->len = 0;
	s->due_us = due_us;
	s->busy = connected(s) &&
	    send(s->fd, text, (size_t)len, MSG_NOSIGNAL) == (ssize_t)len;
	if (!s->busy) {
		broken++;
		if (s->fd >= 0)
			disconnect(s);
	}
}

/* Whether the answer is complete, by its length or by its last chunk. */
static bool
is_whole(const struct sender *s)
{
	const char *end = strstr(s->in, "\r\n\r\n"), *length;

	if (end == NULL)
		return false;
	length = strcasestr(s->in, "\r\nContent-Length:");
	if (length != NULL && length < end)
		return s->len >=
		    (size_t)(end + 4 - s->in) + strtoul(length + 17, NULL, 10);
	return s->len >= 7 && strcmp(s->in + s->len - 7, "\r\n0\r\n\r\n") == 0;
}

static void
finish(struct sender *s)
{
	s->busy = false;
	if (strncmp(s->in, "HTTP/1.1 200 ", 13) != 0) {
		refused++;
		return;
	}
	if (ok < TIMES_MAX)
		times[ok] = (float)(now_us() - s->due_us) / 1000;
	ok++;
}

/* nginx closes after keepalive_requests: no error between two requests. */
static void
on_input(struct sender *s)
{
	ssize_t n = recv(s->fd, s->in + s->len, ANSWER_MAX - s->len, 0);

	if (n <= 0) {
		broken += s->busy;
		s->busy = false;
		disconnect(s);
		return;
	}
	s->len += (size_t)n;
	s->in[s->len] = '\0';
	if (!s->busy || !is_whole(s))
		return;
	if (strcasestr(s->in, "\r\nConnection: close") != NULL)
		disconnect(s);
	finish(s);
}

static struct sender *
idle(void)
{
	int i;

	for (i = 0; i < SENDERS; i++)
		if (!senders[i].busy)
			return &senders[i];
	return NULL;
}

static int
busy(void)
{
	int i, n = 0;

	for (i = 0; i < SENDERS; i++)
		n += senders[i].busy;
	return n;
}

static void
wait_until(int64_t us)
{
	struct epoll_event events[SENDERS];
	int64_t rest = us - now_us();
	int n, i;

	n = epoll_wait(
	    epoll, events, SENDERS, rest <= 0 ? 0 : (int)((rest + 999) / 1000));
	for (i = 0; i < n; i++)
		on_input(events[i].data.ptr);
}

/* Returns how many requests were due but not sent; 0 if rate is 0. */
static long
run(long rate, long seconds)
{
	int64_t begin = now_us(), end = begin + seconds * SECOND, now, due;
	long n = 0, total = rate * seconds;
	struct sender *s;

	while ((now = now_us()) < end || (n < total && idle() != NULL)) {
		due = rate == 0 ? now : begin + n * (int64_t)SECOND / rate;
		s = due <= now && due < end ? idle() : NULL;
		if (s != NULL) {
			post(s, due);
			n++;
		} else {
			/* None is due, or all senders wait for answers. */
			wait_until(due > now && due < end ? due : end);
		}
	}
	while (busy() > 0 && now_us() < end + GRACE)
		wait_until(end + GRACE);
	broken += busy();
	return rate == 0 ? 0 : total - n;
}

static int
compare(const void *a, const void *b)
{
	const float *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
main(int argc, char **argv)
{
	long seconds, unsent, timed;
	int i;

	if (argc < 4 || argc > 5 || (seconds = atol(argv[3])) < 1) {
		fputs("Usage: senders PORT RATE SECONDS [ALERT]\n", stderr);
		return 2;
	}
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (argc > 4)
		alert = argv[4];
	/* Start with a patient that no earlier run had. */
	patient = clock_wall_us() / 100;
	for (i = 0; i < SENDERS; i++)
		senders[i].fd = -1;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	times = calloc(TIMES_MAX, sizeof(*times));
	if (times == NULL)
		die("memory");

	unsent = run(atol(argv[2]), seconds);
	timed = ok < TIMES_MAX ? ok : TIMES_MAX;
	qsort(times, (size_t)timed, sizeof(*times), compare);
	printf("rate=%.1f ok=%ld refused=%ld broken=%ld unsent=%ld"
	       " p50=%.1f p99=%.1f\n",
	    (double)ok / (double)seconds, ok, refused, broken, unsent,
	    timed > 0 ? times[timed / 2] : 0.0,
	    timed > 0 ? times[timed * 99 / 100] : 0.0);
	return 0;
}
