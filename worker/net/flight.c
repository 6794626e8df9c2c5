#include "flight.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dbclock.h"

enum {
	CONNECT_MS = 5000,
	DAY_S = 24 * 60 * 60,
	DAY_MS = DAY_S * 1000
};

/* --- what libcurl calls --- */

static void
put_address(struct post *post, const struct sockaddr *to, socklen_t len)
{
	char host[48], port[8];

	if (getnameinfo(to, len, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(post->address, sizeof(post->address),
		    to->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		    port);
}

/* The guard decides here, when the name is resolved and nothing was sent yet.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct flight *f = arg;

	(void)purpose;
	if (f->post->unix_socket == NULL) {
		put_address(f->post, &to->addr, to->addrlen);
		f->refusal = guard_refusal(f->guard, &to->addr);
		if (f->refusal != NULL)
			return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t
take_line(char *bytes, size_t size, size_t n, void *arg)
{
	struct flight *f = arg;
	bool was_whole = f->head.is_whole;

	n *= size;
	if (!answer_line(&f->head, bytes, n))
		return 0;
	if (f->head.is_whole && !was_whole)
		f->on_head(f);
	return n;
}

/* Keeps the bytes that fit, and ends the transfer at the first that does not.
 */
static size_t
take_answer(char *bytes, size_t size, size_t n, void *arg)
{
	struct flight *f = arg;
	struct buf *answer = f->post->answer;
	size_t room = answer == NULL ? 0 : answer->max - answer->len;

	n *= size;
	if (answer != NULL)
		buf_put(answer, bytes, n < room ? n : room);
	return n > room && answer != NULL ? 0 : n;
}

static bool
set_options(struct flight *f)
{
	const struct post *p = f->post;
	long connect_ms =
	    p->timeout_ms < CONNECT_MS ? p->timeout_ms : CONNECT_MS;
	CURLcode bad = 0;

#define SET(option, value)                                                     \
	bad |= curl_easy_setopt(f->easy, CURLOPT_##option, value)
	SET(URL, p->url);
	SET(POSTFIELDS, p->body);
	SET(POSTFIELDSIZE_LARGE, (curl_off_t)p->body_len);
	SET(HTTPHEADER, f->headers);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(PROTOCOLS_STR, "http,https");
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(FOLLOWLOCATION, 0L);
	SET(PROXY, "");
	SET(NOSIGNAL, 1L);
	/* Otherwise a cancelled transfer waits until its name is resolved. */
	SET(QUICK_EXIT, 1L);
	SET(CONNECTTIMEOUT_MS, connect_ms);
	SET(TIMEOUT_MS, (long)p->timeout_ms);
	SET(MAXLIFETIME_CONN, 300L); /* a name can get another address */
	SET(OPENSOCKETFUNCTION, open_socket);
	SET(OPENSOCKETDATA, f);
	SET(HEADERFUNCTION, take_line);
	SET(HEADERDATA, f);
	SET(WRITEFUNCTION, take_answer);
	SET(WRITEDATA, f);
	SET(ERRORBUFFER, f->error);
	SET(PRIVATE, f);
	if (p->unix_socket != NULL)
		SET(UNIX_SOCKET_PATH, p->unix_socket);
#undef SET
	return bad == 0;
}

/* --- beginning --- */

static bool
set_headers(struct flight *f)
{
	/* A header without a value removes the one that libcurl adds. */
	const char *const *h = f->post->headers;
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *more;

	for (; list != NULL && *h != NULL; h++) {
		more = curl_slist_append(list, *h);
		if (more == NULL)
			curl_slist_free_all(list);
		list = more;
	}
	f->headers = list;
	return list != NULL;
}

struct flight *
flight_new(struct post *post, const struct guard *guard,
    void (*on_head)(struct flight *))
{
	struct flight *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->post = post;
	f->guard = guard;
	f->on_head = on_head;
	f->easy = curl_easy_init();
	if (f->easy != NULL && set_headers(f) && set_options(f))
		return f;
	flight_free(f);
	return NULL;
}

void
flight_free(struct flight *f)
{
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	free(f);
}

/* --- the end --- */

static enum error_class
class_of(CURLcode code)
{
	static const struct {
		CURLcode code;
		enum error_class error;
	} rows[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, ERROR_DNS },
		{ CURLE_COULDNT_CONNECT, ERROR_CONNECT },
		{ CURLE_OPERATION_TIMEDOUT, ERROR_TIMEOUT },
		{ CURLE_SSL_CONNECT_ERROR, ERROR_TLS },
		{ CURLE_PEER_FAILED_VERIFICATION, ERROR_TLS },
		{ CURLE_SSL_CERTPROBLEM, ERROR_TLS },
		{ CURLE_SSL_CIPHER, ERROR_TLS },
		{ CURLE_SSL_CACERT_BADFILE, ERROR_TLS },
		{ CURLE_SSL_ISSUER_ERROR, ERROR_TLS },
		{ CURLE_OUT_OF_MEMORY, ERROR_INTERNAL },
		{ CURLE_FAILED_INIT, ERROR_INTERNAL },
		{ CURLE_URL_MALFORMAT, ERROR_INTERNAL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].code == code)
			return rows[i].error;
	return ERROR_PROTOCOL;
}

static void
fail(struct post *post, enum error_class error, const char *detail)
{
	post->error = error;
	snprintf(post->detail, sizeof(post->detail), "%s", detail);
}

/*
 * Sets the address if open_socket() did not, because the connection of an
 * earlier transfer was used again.
 */
static void
put_reused(struct flight *f)
{
	char *host = NULL;
	long port = 0;

	curl_easy_getinfo(f->easy, CURLINFO_PRIMARY_IP, &host);
	curl_easy_getinfo(f->easy, CURLINFO_PRIMARY_PORT, &port);
	if (host != NULL && *host != '\0')
		snprintf(f->post->address, sizeof(f->post->address),
		    strchr(host, ':') != NULL ? "[%s]:%ld" : "%s:%ld", host,
		    port);
}

/*
 * The delay that Retry-After asks for, a day at most; -1: none. A date is
 * compared with the database's clock; libcurl would use this host's.
 */
static int64_t
retry_after_ms(CURL *easy)
{
	struct curl_header *header;
	int64_t seconds;

	if (curl_easy_header(
		easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return -1;
	if (header->value[strspn(header->value, "0123456789")] == '\0')
		seconds = strtoll(header->value, NULL, 10);
	else
		seconds = (int64_t)curl_getdate(header->value, NULL) -
		    dbclock_us() / 1000000;
	if (seconds <= 0)
		return -1;
	return seconds < DAY_S ? seconds * 1000 : DAY_MS;
}

/*
 * libcurl itself limits the length of a line to about ANSWER_HEAD_MAX, and
 * before 8.6 reports a longer line as "out of memory". This error means real
 * lack of memory only if nothing has arrived yet.
 */
static bool
is_too_long(const struct flight *f, CURLcode code)
{
	const CURLcode too_large = (CURLcode)100; /* of libcurl 8.6 */
	curl_off_t first_byte_us = 0;

	curl_easy_getinfo(
	    f->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
	return f->head.is_too_long || code == too_large ||
	    (code == CURLE_OUT_OF_MEMORY && first_byte_us > 0);
}

/*
 * A final status that has arrived counts, however the transfer ends; only a
 * head that is too long is refused.
 */
static bool
has_answered(const struct flight *f, CURLcode code)
{
	return f->head.is_whole || code == CURLE_OK ||
	    (answer_is_final(f->head.status) && !is_too_long(f, code));
}

static void
judge(struct flight *f, CURLcode code)
{
	struct post *post = f->post;
	char text[64];

	if (has_answered(f, code)) {
		if (!answer_is_final(post->status))
			fail(post, ERROR_PROTOCOL,
			    "the answer has no final status");
	} else if (code == CURLE_COULDNT_CONNECT && f->refusal != NULL) {
		fail(post, ERROR_FORBIDDEN, f->refusal);
	} else if (is_too_long(f, code)) {
		snprintf(text, sizeof(text),
		    "the answer's headers are longer than %d KiB",
		    ANSWER_HEAD_KIB);
		fail(post, ERROR_PROTOCOL, text);
	} else {
		fail(post, class_of(code),
		    f->error[0] ? f->error : curl_easy_strerror(code));
	}
}

void
flight_judge(struct flight *f, CURLcode code)
{
	struct post *post = f->post;
	long status = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (post->address[0] == '\0')
		put_reused(f);
	post->status = (int)status;
	post->retry_after_ms = retry_after_ms(f->easy);
	judge(f, code);
}
