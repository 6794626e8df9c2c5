#include "receiver.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "receiver_log.h"
#include "rfc3339.h"

static _Noreturn void
die(const char *what)
{
	perror(what);
	abort();
}

/* --- the process ---------------------------------------------------------- */

static int
listen_at(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int one = 1, fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, len) != 0 ||
	    listen(fd, 4096) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		die("receiver");
	*port = ntohs(at.sin_port);
	return fd;
}

void
receiver_start(struct receiver *r)
{
	int listener = listen_at(&r->port), parent = getpid();

	r->log = mmap(NULL, sizeof(*r->log), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->log == MAP_FAILED)
		die("receiver");
	r->pid = fork();
	if (r->pid < 0)
		die("receiver");
	if (r->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		receiver_serve(listener, r->log);
	}
	close(listener);
}

void
receiver_stop(struct receiver *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	munmap(r->log, sizeof(*r->log));
	*r = (struct receiver){ 0 };
}

/* --- its log -------------------------------------------------------------- */

const char *
receiver_log_header(const char *head, size_t len, const char *name, size_t *n)
{
	size_t name_len = strlen(name);
	const char *p = head, *end = head + len;

	while ((p = memmem(p, (size_t)(end - p), "\r\n", 2)) != NULL) {
		p += 2;
		if ((size_t)(end - p) <= name_len || p[name_len] != ':' ||
		    strncasecmp(p, name, name_len) != 0)
			continue;
		p += name_len + 1;
		p += strspn(p, " \t");
		*n = strcspn(p, "\r");
		return p;
	}
	return NULL;
}

static int64_t
time_in(const char *body)
{
	const char *time = strstr(body, "\"time\":\"");
	char text[40];
	int64_t us;

	if (time == NULL)
		return 0;
	time += strlen("\"time\":\"");
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(time, "\""), time);
	return rfc3339_parse(text, &us) ? us : 0;
}

/* FNV-1a over id and path. */
static uint64_t
hash(const struct receiver_request *r)
{
	uint64_t h = 14695981039346656037u;
	const char *p;

	for (p = r->id; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	for (p = r->path; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	return h % RECEIVER_RING;
}

/* Numbers fall along a chain, so the loop ends at requests no longer kept. */
static int
attempts_before(struct receiver_log *log, struct receiver_request *r)
{
	uint64_t total = log->total, *latest = &log->latest[hash(r)], n;
	const struct receiver_request *was;

	r->older = *latest;
	*latest = total + 1;
	for (n = r->older; n > 0 && n + RECEIVER_RING > total + 1;
	     n = was->older) {
		was = &log->requests[(n - 1) % RECEIVER_RING];
		if (strcmp(was->id, r->id) == 0 &&
		    strcmp(was->path, r->path) == 0)
			return was->attempt;
	}
	return 0;
}

static void
keep_whole(struct receiver_log *log, struct receiver_request *r,
    const char *raw, size_t len, size_t head_len)
{
	char *whole = log->whole[log->total % RECEIVER_WHOLE];
	struct receiver_request *was;

	if (log->total >= RECEIVER_WHOLE) {
		was = &log->requests[(log->total - RECEIVER_WHOLE) %
		    RECEIVER_RING];
		was->raw = was->body = NULL;
		was->raw_len = was->body_len = 0;
	}
	if (len > RECEIVER_WHOLE_MAX)
		len = RECEIVER_WHOLE_MAX;
	if (head_len > len)
		head_len = len;
	memcpy(whole, raw, len);
	whole[len] = '\0';
	r->raw = whole;
	r->raw_len = len;
	r->body = whole + head_len;
	r->body_len = len - head_len;
}

struct receiver_request *
receiver_log_add(
    struct receiver_log *log, const char *raw, size_t len, size_t head_len)
{
	struct receiver_request *r = &log->requests[log->total % RECEIVER_RING];
	const char *path = raw + strcspn(raw, " \r"), *id;
	size_t n;

	*r = (struct receiver_request){ .received_us = clock_wall_us() };
	path += *path == ' ';
	snprintf(
	    r->path, sizeof(r->path), "%.*s", (int)strcspn(path, " \r"), path);
	id = receiver_log_header(raw, head_len, "webhook-id", &n);
	if (id != NULL)
		snprintf(r->id, sizeof(r->id), "%.*s", (int)n, id);
	r->attempt = attempts_before(log, r) + 1;
	keep_whole(log, r, raw, len, head_len);
	r->time_us = time_in(r->body);
	return r;
}

void
receiver_log_publish(struct receiver_log *log)
{
	atomic_fetch_add(&log->total, 1);
}

/* --- queries -------------------------------------------------------------- */

uint64_t
receiver_total(const struct receiver *r)
{
	return atomic_load(&r->log->total);
}

const struct receiver_request *
receiver_at(const struct receiver *r, uint64_t n)
{
	uint64_t total = receiver_total(r);

	/* The receiver may be overwriting the oldest request just now. */
	if (n >= total || n + RECEIVER_RING <= total)
		return NULL;
	return &r->log->requests[n % RECEIVER_RING];
}

/*
 * The first request from number *n on whose path begins with prefix; *n becomes
 * the number after the request's.
 */
static const struct receiver_request *
next(const struct receiver *r, const char *prefix, uint64_t *n)
{
	uint64_t total = receiver_total(r);
	const struct receiver_request *request;
	size_t len = strlen(prefix);

	if (*n + RECEIVER_RING <= total)
		*n = total - RECEIVER_RING + 1;
	while ((request = receiver_at(r, (*n)++)) != NULL)
		if (strncmp(request->path, prefix, len) == 0)
			return request;
	return NULL;
}

int
receiver_count(const struct receiver *r, const char *prefix)
{
	uint64_t n = 0;
	int count = 0;

	while (next(r, prefix, &n) != NULL)
		count++;
	return count;
}

const struct receiver_request *
receiver_find(const struct receiver *r, const char *prefix, int n)
{
	const struct receiver_request *request;
	uint64_t at = 0;

	while ((request = next(r, prefix, &at)) != NULL)
		if (n-- == 0)
			return request;
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
receiver_distinct(const struct receiver *r, const char *prefix)
{
	const char **ids = calloc(RECEIVER_RING, sizeof(*ids));
	const struct receiver_request *request;
	size_t count = 0, i;
	int distinct = 0;
	uint64_t n = 0;

	if (ids == NULL)
		die("receiver");
	while (count < RECEIVER_RING && (request = next(r, prefix, &n)) != NULL)
		if (request->id[0] != '\0')
			ids[count++] = request->id;
	qsort(ids, count, sizeof(*ids), compare);
	for (i = 0; i < count; i++)
		distinct += i == 0 || strcmp(ids[i], ids[i - 1]) != 0;
	free(ids);
	return distinct;
}

char *
receiver_header(const struct receiver_request *r, const char *name)
{
	const char *value = NULL;
	size_t n;

	if (r->raw != NULL)
		value = receiver_log_header(
		    r->raw, r->raw_len - r->body_len, name, &n);
	return value == NULL ? NULL : strndup(value, n);
}
