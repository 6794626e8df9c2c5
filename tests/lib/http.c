#include "http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "t.h"

static int
dial(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { 30, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		abort();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
parse(struct http *h, size_t len)
{
	char *end = strstr(h->raw, "\r\n\r\n");

	h->body = end == NULL ? h->raw + len : end + 4;
	h->body_len = len - (size_t)(h->body - h->raw);
	if (strncmp(h->raw, "HTTP/1.", 7) == 0)
		h->status = atoi(h->raw + 9);
}

static struct http
exchange(int port, const char *bytes, size_t n, bool half_closes)
{
	size_t len = 0, cap = 65536;
	struct http h = { .raw = calloc(1, cap) };
	int fd = dial(port);
	ssize_t got;

	h.body = h.raw;
	if (fd < 0)
		return h;
	/* The peer may answer and close before it has read everything. */
	while (n > 0) {
		ssize_t put = send(fd, bytes, n, MSG_NOSIGNAL);

		if (put <= 0)
			break;
		bytes += put;
		n -= (size_t)put;
	}
	if (half_closes)
		shutdown(fd, SHUT_WR);
	while ((got = recv(fd, h.raw + len, cap - len - 1, 0)) > 0) {
		len += (size_t)got;
		h.raw[len] = '\0';
		if (cap - len < 32768)
			h.raw = realloc(h.raw, cap *= 2);
		if (h.raw == NULL)
			abort();
	}
	close(fd);
	parse(&h, len);
	return h;
}

struct http
http_raw(int port, const char *bytes, size_t n)
{
	return exchange(port, bytes, n, false);
}

struct http
http_half_closed(int port, const char *bytes, size_t n)
{
	return exchange(port, bytes, n, true);
}

struct http
http_send(int port, const char *method, const char *target, const char *headers,
    const char *body)
{
	struct http h;
	char *request, length[64] = "";
	int n;

	if (body != NULL)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n",
		    strlen(body));
	n = asprintf(&request,
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	    "%s%s\r\n%s",
	    method, target, headers, length, body ? body : "");
	if (n < 0)
		abort();
	h = http_raw(port, request, (size_t)n);
	free(request);
	return h;
}

struct http
http_get(int port, const char *target)
{
	return http_send(port, "GET", target, "", NULL);
}

struct http
http_post(int port, const char *target, const char *json)
{
	return http_send(
	    port, "POST", target, "Content-Type: application/json\r\n", json);
}

void
http_free(struct http *h)
{
	free(h->raw);
	*h = (struct http){ 0 };
}

char *
http_header(const struct http *h, const char *name)
{
	size_t n = strlen(name);
	const char *p = h->raw;

	while ((p = strstr(p, "\r\n")) != NULL && p + 2 < h->body) {
		p += 2;
		if (strncasecmp(p, name, n) == 0 && p[n] == ':') {
			p += n + 1 + strspn(p + n + 1, " ");
			return strndup(p, strcspn(p, "\r"));
		}
	}
	return NULL;
}

void
http_head(int port, const char *request, char *head, size_t size)
{
	int fd = dial(port);
	size_t n = 0;
	ssize_t got;

	dprintf(fd, "%s", request);
	for (*head = '\0'; strstr(head, "\r\n\r\n") == NULL; head[n] = '\0') {
		got = recv(fd, head + n, size - n - 1, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
}

void
http_expect(int port, const char *method, const char *target,
    const char *headers, const char *body, int status, const char *text)
{
	struct http h = http_send(port, method, target, headers, body);

	if (h.status != status || strstr(h.raw, text) == NULL)
		fail_msg("%s %s %s: wanted %d with %s, got\n%s", method, target,
		    headers, status, text, h.raw);
	http_free(&h);
}
