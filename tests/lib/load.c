#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "load_phase.h"
#include "t.h"

enum {
	KEPT = 256,  /* connections that are kept */
	SLOTS = 512, /* requests under way at once */
	IN_MAX = 1 << 14,
	OUT_MAX = 512,
	ID = 36,
	ACKS_MAX = 200000,
	GIVE_UP_MS = 30000
};

static const struct kind {
	const char *target, *body; /* NULL: GET; # is the request's number */
	int derived;
} kinds[] = {
	{ "/events?limit=10", NULL, 0 },
	{ "/ingest/health",
	    "{\"n\":#,\"patient_id\":#,\"alert\":\"emergency\"}", 2 },
	{ "/ingest/transport", "{\"n\":#,\"bus_id\":7,\"lat\":-23.5}", 0 },
	{ "/ingest/energy", "{\"n\":#,\"energy\":650,\"neighborhood\":\"n#\"}",
	    1 },
	{ "/ingest/weather", "{\"n\":#,\"wind_kmh\":130}", 0 },
	{ "/events?after=0&limit=10", NULL, 0 },
	{ "/ingest/security", "{\"n\":#,\"alert\":true}", 0 },
	{ "/ingest/energy", "{\"n\":#,\"energy\":1.5}", 0 },
	{ "/ingest/health", "{\"n\":#,\"alert\":\"fall\"}", 0 },
	{ "/ingest/transport", "{\"n\":#,\"bus_id\":8}", 0 },
};

/* The first KEPT slots keep their connections. */
static struct slot {
	int fd; /* -1: none */
	bool busy, sent, reused, repeated;
	const struct kind *kind;
	struct phase *phase;
	int64_t due_ms;
	char out[OUT_MAX], *in;
	size_t out_len, in_len;
} slots[SLOTS];

static struct sockaddr_in at = { .sin_family = AF_INET };
static int rate, epoll;
static pthread_t thread;
static atomic_bool is_over;
static char (*acks)[ID];
static long acked, derived;

static void
disconnect(struct slot *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->reused = false;
}

static void
done(struct slot *s)
{
	s->busy = false;
	if (s >= slots + KEPT)
		disconnect(s);
}

static void
fail_request(struct slot *s, const char *what)
{
	phase_failed(s->phase, "%s, %s: %s (%.150s)", s->kind->target,
	    s->repeated     ? "repeated"
		: s->reused ? "on a kept connection"
			    : "on a new connection",
	    what, s->in);
	disconnect(s);
	done(s);
}

static void
open_connection(struct slot *s)
{
	struct epoll_event e = { .events = EPOLLOUT, .data.ptr = s };

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &e) != 0 ||
	    (connect(s->fd, (struct sockaddr *)&at, sizeof(at)) != 0 &&
		errno != EINPROGRESS))
		fail_request(s, strerror(errno));
}

/* The request is small enough for any socket's buffer. */
static void
transmit(struct slot *s)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };

	s->in_len = 0;
	s->in[0] = '\0';
	s->sent = true;
	epoll_ctl(epoll, EPOLL_CTL_MOD, s->fd, &e);
	/* An error of send() is seen when the answer is read. */
	(void)!send(s->fd, s->out, s->out_len, MSG_NOSIGNAL);
}

static void
write_body(const char *template, long n, char body[OUT_MAX])
{
	size_t len = 0;

	for (; *template != '\0'; template ++)
		len += (size_t)(*template == '#'
			? snprintf(body + len, OUT_MAX - len, "%ld", n)
			: snprintf(body + len, OUT_MAX - len, "%c", *template));
}

static void
write_request(struct slot *s, long n)
{
	char body[OUT_MAX] = "", key[64] = "Connection: close\r\n";
	size_t len;

	if (s < slots + KEPT)
		snprintf(key, sizeof(key), "Idempotency-Key: load-%ld\r\n", n);
	if (s->kind->body != NULL)
		write_body(s->kind->body, n, body);
	len = strlen(body);
	s->out_len = (size_t)snprintf(s->out, sizeof(s->out),
	    "%s %s HTTP/1.1\r\nHost: x\r\n%s"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    len > 0 ? "POST" : "GET", s->kind->target, key, len, body);
	assert_true(s->out_len < sizeof(s->out));
}

/* A slot for the n-th request: ten are kept connections, then ten new ones. */
static struct slot *
idle(long n)
{
	int i = n / 10 % 2 == 0 ? 0 : KEPT, end = i == 0 ? KEPT : SLOTS;

	for (; i < end; i++)
		if (!slots[i].busy)
			return &slots[i];
	return NULL;
}

static void
begin(struct slot *s, long n, int64_t due_ms)
{
	s->phase = phase_now();
	s->phase->begun++;
	s->busy = true;
	s->sent = s->repeated = false;
	s->kind = &kinds[n % 10];
	s->due_ms = due_ms;
	s->in[0] = '\0';
	write_request(s, n);
	if (s->fd >= 0)
		transmit(s);
	else
		open_connection(s);
}

/* Whether the answer is complete, by its length or by its last chunk. */
static bool
is_whole(const struct slot *s)
{
	const char *end = strstr(s->in, "\r\n\r\n"), *length;

	if (end == NULL)
		return false;
	length = strcasestr(s->in, "\r\nContent-Length:");
	if (length != NULL && length < end)
		return s->in_len >=
		    (size_t)(end + 4 - s->in) + strtoul(length + 17, NULL, 10);
	return s->in_len >= 7 &&
	    strcmp(s->in + s->in_len - 7, "\r\n0\r\n\r\n") == 0;
}

static void
acknowledge(struct slot *s)
{
	const char *id = strstr(s->in, "\"stored_event_id\":\"");

	if (id == NULL || acked == ACKS_MAX) {
		fail_request(s, "no id");
		return;
	}
	memcpy(acks[acked++], id + 19, ID);
	derived += s->kind->derived;
}

static void
answered(struct slot *s)
{
	if (strncmp(s->in, "HTTP/1.1 200 ", 13) != 0) {
		fail_request(s, "no 200");
		return;
	}
	if (s->kind->body != NULL)
		acknowledge(s);
	phase_ok(s->phase, (int)(clock_steady_ms() - s->due_ms));
	s->reused = true;
	if (strcasestr(s->in, "\r\nConnection: close") != NULL)
		disconnect(s);
	done(s);
}

static void
ended(struct slot *s, const char *why)
{
	bool again = s->busy && s->reused && s->in_len == 0;

	if (s->busy && !again) {
		fail_request(s, why);
		return;
	}
	disconnect(s);
	if (!again)
		return;
	s->phase->repeated++;
	s->repeated = true;
	s->sent = false;
	open_connection(s);
}

static void
on_event(struct slot *s)
{
	ssize_t n;

	if (s->fd < 0)
		return;
	if (s->busy && !s->sent) {
		transmit(s);
		return;
	}
	n = recv(s->fd, s->in + s->in_len, IN_MAX - 1 - s->in_len, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		ended(s, n == 0 ? "closed" : strerror(errno));
		return;
	}
	s->in_len += (size_t)n;
	s->in[s->in_len] = '\0';
	if (s->busy && is_whole(s))
		answered(s);
}

static int
busy(int64_t now)
{
	int i, n = 0;

	for (i = 0; i < SLOTS; i++) {
		if (slots[i].busy && now - slots[i].due_ms > GIVE_UP_MS)
			fail_request(&slots[i], "no answer");
		n += slots[i].busy;
	}
	return n;
}

static void *
run(void *arg)
{
	int64_t begun = clock_steady_ms(), now = begun, due = begun;
	struct epoll_event events[64];
	struct slot *s;
	long sent = 0;
	int i, n;

	while (!is_over || busy(now) > 0) {
		/* A request that waits for a slot keeps its due time. */
		while (!is_over && due <= now && (s = idle(sent)) != NULL) {
			begin(s, sent++, due);
			due = begun + sent * 1000 / rate;
		}
		n = epoll_wait(epoll, events, 64, 1);
		for (i = 0; i < n; i++)
			on_event(events[i].data.ptr);
		now = clock_steady_ms();
	}
	return arg;
}

void
load_start(int port, int requests_a_second)
{
	int i;

	rate = requests_a_second;
	at.sin_port = htons((uint16_t)port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	acks = calloc(ACKS_MAX, sizeof(*acks));
	for (i = 0; i < SLOTS; i++) {
		slots[i].fd = -1;
		slots[i].in = malloc(IN_MAX);
	}
	load_phase("start");
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
}

void
load_go_on(int seconds)
{
	struct phase *p = phase_now();
	long enough = p->begun + (long)rate * seconds;

	while (p->begun < enough)
		poll(NULL, 0, 10);
}

void
load_stop(void)
{
	int i;

	is_over = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	for (i = 0; i < SLOTS; i++) {
		disconnect(&slots[i]);
		free(slots[i].in);
	}
	close(epoll);
}

long
load_acknowledged(void)
{
	return acked;
}

long
load_derived(void)
{
	return derived;
}

char *
load_ids(void)
{
	char *ids = malloc((size_t)acked * (ID + 1) + 3), *p = ids;
	long i;

	assert_non_null(ids);
	*p++ = '{';
	for (i = 0; i < acked; i++)
		p += sprintf(p, "%s%.*s", i > 0 ? "," : "", ID, acks[i]);
	strcpy(p, "}");
	free(acks);
	return ids;
}
