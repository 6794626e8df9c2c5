/*
 * An HTTP/1.1 client that sends any bytes, however malformed, and reads the
 * answer. One connection per request, to 127.0.0.1.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct http {
	int status; /* 0: the connection ended without an answer */
	char *raw;  /* NUL-terminated; the caller frees it with http_free */
	char *body; /* inside raw */
	size_t body_len;
};

/* Sends any bytes, then reads until the peer closes or is silent for 30 s. */
struct http http_raw(int port, const char *bytes, size_t n);
/* As http_raw, but closes the sending side after the bytes, as nc -N does. */
struct http http_half_closed(int port, const char *bytes, size_t n);
/* headers: whole lines or ""; body: NULL for none. */
struct http http_send(int port, const char *method, const char *target,
    const char *headers, const char *body);
struct http http_get(int port, const char *target);
struct http http_post(int port, const char *target, const char *json);
void http_free(struct http *);
/* Fails the test unless the answer has the status and contains the text. */
void http_expect(int port, const char *method, const char *target,
    const char *headers, const char *body, int status, const char *text);
/*
 * Reads only the head of the answer, cut off at size. The answer need not end.
 */
void http_head(int port, const char *request, char *head, size_t size);

/* A response header's value, to be freed, or NULL. */
char *http_header(const struct http *, const char *name);

#endif
