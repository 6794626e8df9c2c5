#include "jetstream.h"

#include <nats/nats.h>

#include <inttypes.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "interrupt.h"

enum {
	WRITE_MS = 5000,
	PING_MS = 10000, /* two pings without an answer end a connection */
	/*
	 * How much longer than the timeout libnats remembers a message. It must
	 * be longer than a write takes, or libnats would give up a message
	 * while writing it.
	 */
	REMEMBER_MS = 30000,
	CLOSE_MS = 10000,
	/*
	 * Added to the timeout, so that libnats's own deadline comes first for
	 * the calls that have one.
	 */
	INTERRUPT_MS = 100,
	DETAIL_LEN = JETSTREAM_DETAIL_LEN
};

static const struct jetstream_calls *calls;

static enum error_class
judge(const jsPubAck *ack, const jsPubAckErr *e, char detail[DETAIL_LEN])
{
	/*
	 * Any subscriber of the subject can answer, but only a stream's answer
	 * has its name.
	 */
	if (e == NULL && (ack->Stream == NULL || ack->Stream[0] == '\0')) {
		snprintf(detail, DETAIL_LEN, "no acknowledgment by a stream");
		return ERROR_PROTOCOL;
	}
	if (e == NULL) {
		snprintf(detail, DETAIL_LEN,
		    "stream %s, sequence %" PRIu64 "%s", ack->Stream,
		    ack->Sequence, ack->Duplicate ? ", a duplicate" : "");
		return ERROR_NONE;
	}
	if (e->Err == NATS_NO_RESPONDERS)
		snprintf(detail, DETAIL_LEN,
		    "no responders: no stream covers this subject");
	else
		snprintf(
		    detail, DETAIL_LEN, "%s (%d)", e->ErrText, (int)e->ErrCode);
	return ERROR_NATS;
}

static void
acked(jsCtx *js, natsMsg *msg, jsPubAck *ack, jsPubAckErr *e, void *arg)
{
	char detail[DETAIL_LEN];
	enum error_class error = judge(ack, e, detail);

	(void)arg;
	calls->over(js, msg, error, detail);
	/* Only now can another message get the same address. */
	natsMsg_Destroy(msg);
}

static void
closed(natsConnection *nc, void *arg)
{
	(void)arg;
	calls->lost(nc);
}

/* libnats's error text without the place in its source, "(conn.c:1905): ". */
static const char *
last_error(natsStatus status)
{
	const char *text = nats_GetLastError(NULL), *end;

	if (text == NULL || text[0] == '\0')
		return natsStatus_GetText(status);
	end = text[0] == '(' ? strstr(text, "): ") : NULL;
	return end != NULL ? end + 3 : text;
}

static enum error_class
explain(natsStatus status, char detail[DETAIL_LEN])
{
	snprintf(detail, DETAIL_LEN, "%s", last_error(status));
	switch (status) {
	case NATS_TIMEOUT:
		return ERROR_TIMEOUT;
	case NATS_NO_MEMORY:
		return ERROR_INTERNAL;
	case NATS_MAX_PAYLOAD:
	case NATS_NO_SERVER_SUPPORT:
		return ERROR_NATS;
	case NATS_SSL_ERROR:
	case NATS_SECURE_CONNECTION_WANTED:
	case NATS_SECURE_CONNECTION_REQUIRED:
		return ERROR_TLS;
	default:
		return ERROR_CONNECT;
	}
}

/* The class of the error with which connecting failed, and its detail. */
static enum error_class
explain_connect(
    natsStatus status, const struct jetstream_to *to, char detail[DETAIL_LEN])
{
	char text[DETAIL_LEN];
	enum error_class error = explain(status, text);
	bool is_known = to->user != NULL || to->creds != NULL;

	snprintf(detail, DETAIL_LEN, "%s", text);
	if (status == NATS_CONNECTION_AUTH_FAILED) {
		snprintf(detail, DETAIL_LEN, "the server %s: %.200s",
		    is_known ? "refuses these credentials"
			     : "wants credentials",
		    text);
		return ERROR_NATS;
	}
	if (status == NATS_SECURE_CONNECTION_WANTED)
		snprintf(detail, DETAIL_LEN,
		    "the server has no TLS, which tls:// demands");
	return error;
}

static void
denied(natsConnection *nc, natsSubscription *sub, natsStatus err, void *arg)
{
	(void)sub;
	(void)arg;
	if (err == NATS_NOT_PERMITTED)
		calls->denied(nc, last_error(err));
}

/*
 * The certificate must have the name in the URL, even if only the server
 * demands TLS.
 */
static natsStatus
set_tls(natsOptions *o, const struct jetstream_to *to)
{
	char name[URL_HOST_MAX + 1];
	size_t n = strlen(to->host);
	natsStatus rc = NATS_OK;

	/* Certificates do not have the dot that ends an absolute name. */
	snprintf(name, sizeof(name), "%.*s",
	    (int)(n > 1 && to->host[n - 1] == '.' ? n - 1 : n), to->host);
	if (to->is_tls)
		rc = natsOptions_SetSecure(o, true);
	if (rc == NATS_OK)
		rc = natsOptions_SetExpectedHostname(o, name);
	if (rc == NATS_OK && to->ca != NULL)
		rc = natsOptions_LoadCATrustedCertificates(o, to->ca);
	return rc;
}

static natsStatus
set_user(natsOptions *o, const struct jetstream_to *to)
{
	if (to->user != NULL && to->user->has_password)
		return natsOptions_SetUserInfo(
		    o, to->user->name, to->user->password);
	if (to->user != NULL)
		return natsOptions_SetToken(o, to->user->name);
	if (to->creds != NULL)
		return natsOptions_SetUserCredentialsFromFiles(
		    o, to->creds, NULL);
	return NATS_OK;
}

static natsStatus
set_options(natsOptions *o, const char *url, const struct jetstream_to *to,
    int timeout_ms)
{
	natsStatus rc = natsOptions_SetURL(o, url);

	if (rc == NATS_OK)
		rc = set_tls(o, to);
	if (rc == NATS_OK)
		rc = set_user(o, to);
	if (rc == NATS_OK)
		rc = natsOptions_SetIgnoreDiscoveredServers(o, true);
	if (rc == NATS_OK)
		rc = natsOptions_SetAllowReconnect(o, false);
	if (rc == NATS_OK)
		rc = natsOptions_SetTimeout(o, timeout_ms);
	if (rc == NATS_OK)
		rc = natsOptions_SetWriteDeadline(o, WRITE_MS);
	if (rc == NATS_OK)
		rc = natsOptions_SetPingInterval(o, PING_MS);
	if (rc == NATS_OK)
		rc = natsOptions_SetName(o, "smartcity-worker");
	if (rc == NATS_OK)
		rc = natsOptions_SetClosedCB(o, closed, NULL);
	if (rc == NATS_OK)
		rc = natsOptions_SetErrorHandler(o, denied, NULL);
	return rc;
}

static natsStatus
connect_to(const char *url, const struct jetstream_to *to, int timeout_ms,
    natsConnection **nc, jsCtx **js)
{
	struct interrupt interrupt;
	jsOptions jo;
	natsOptions *o = NULL;
	natsStatus rc = natsOptions_Create(&o);

	jsOptions_Init(&jo);
	jo.PublishAsync.AckHandler = acked;
	if (rc == NATS_OK)
		rc = set_options(o, url, to, timeout_ms);
	if (rc == NATS_OK) {
		interrupt_begin(&interrupt, timeout_ms + INTERRUPT_MS);
		rc = natsConnection_Connect(nc, o);
		interrupt_end(&interrupt);
	}
	if (rc == NATS_OK)
		rc = natsConnection_JetStream(js, *nc, &jo);
	natsOptions_Destroy(o);
	return rc;
}

/*
 * When the program exits, libnats (3.4 and 3.10) frees OpenSSL's list of
 * compressions, which TLS no longer uses; then OpenSSL frees it again and
 * crashes. So the list is taken away from OpenSSL here and never freed; SSL
 * contexts that have the list can go on using it.
 */
static void
keep_compressions(void)
{
	static STACK_OF(SSL_COMP) * kept;

	if (kept == NULL && SSL_COMP_get_compression_methods() != NULL)
		kept = SSL_COMP_set0_compression_methods(NULL);
}

bool
jetstream_init(const struct jetstream_calls *c)
{
	calls = c;
	keep_compressions();
	return nats_Open(-1) == NATS_OK;
}

void
jetstream_exit(void)
{
	nats_CloseAndWait(CLOSE_MS);
}

/* Connects to one numeric address, so that libnats does not resolve names. */
static enum error_class
connect_address(struct jetstream *j, const struct addrinfo *ai,
    const struct jetstream_to *to, int timeout_ms, char detail[DETAIL_LEN])
{
	int64_t end = clock_steady_ms() + timeout_ms + INTERRUPT_MS;
	char url[128], address[sizeof(j->address)];
	natsConnection *nc = NULL;
	jsCtx *js = NULL;
	natsStatus rc;

	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, address, sizeof(address),
		NULL, 0, NI_NUMERICHOST) != 0) {
		snprintf(detail, DETAIL_LEN,
		    "the address cannot be written as text");
		return ERROR_DNS;
	}
	snprintf(url, sizeof(url),
	    ai->ai_family == AF_INET6 ? "nats://[%s]:%d" : "nats://%s:%d",
	    address, to->port);
	rc = connect_to(url, to, timeout_ms, &nc, &js);
	if (rc != NATS_OK) {
		natsConnection_Destroy(nc);
		if (clock_steady_ms() < end)
			return explain_connect(rc, to, detail);
		snprintf(
		    detail, DETAIL_LEN, "not connected in %d ms", timeout_ms);
		return ERROR_TIMEOUT;
	}
	j->connection = nc;
	j->context = js;
	strcpy(j->address, address);
	return ERROR_NONE;
}

enum error_class
jetstream_connect(struct jetstream *j, const struct guard *guard,
    const struct jetstream_to *to, char detail[DETAIL_LEN])
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
	enum error_class error = ERROR_NONE;
	const char *refusal;
	int rc = getaddrinfo(to->host, NULL, &hints, &list), n = 0;

	*j = (struct jetstream){ .connection = NULL };
	if (rc != 0) {
		snprintf(detail, DETAIL_LEN, "%s", gai_strerror(rc));
		return ERROR_DNS;
	}
	for (ai = list; ai != NULL; ai = ai->ai_next)
		n++;
	for (ai = list; ai != NULL && j->connection == NULL; ai = ai->ai_next) {
		refusal = guard_refusal(guard, ai->ai_addr);
		if (refusal == NULL)
			error = connect_address(
			    j, ai, to, to->timeout_ms / n + 1, detail);
		else if (error == ERROR_NONE) {
			snprintf(detail, DETAIL_LEN, "%s", refusal);
			error = ERROR_FORBIDDEN;
		}
	}
	freeaddrinfo(list);
	return error;
}

bool
jetstream_lost(const struct jetstream *j)
{
	return natsConnection_IsClosed(j->connection);
}

void
jetstream_disconnect(struct jetstream *j)
{
	jsCtx_Destroy(j->context);
	natsConnection_Destroy(j->connection);
	nats_ReleaseThreadMemory();
}

static natsStatus
make_message(natsMsg **msg, const struct attempt *a, const char *subject)
{
	const struct message *m = &a->message;
	natsStatus rc =
	    natsMsg_Create(msg, subject, NULL, a->body, (int)a->body_len);

	if (rc == NATS_OK)
		rc = natsMsgHeader_Set(*msg, "Nats-Msg-Id", m->id);
	if (rc == NATS_OK)
		rc = natsMsgHeader_Set(
		    *msg, "Content-Type", "application/cloudevents+json");
	if (rc == NATS_OK && m->request_id != NULL)
		rc = natsMsgHeader_Set(*msg, "X-Request-Id", m->request_id);
	if (rc == NATS_OK && m->traceparent != NULL)
		rc = natsMsgHeader_Set(*msg, "traceparent", m->traceparent);
	return rc;
}

void *
jetstream_message(const struct attempt *a, const char *subject)
{
	natsMsg *msg = NULL;

	if (make_message(&msg, a, subject) == NATS_OK)
		return msg;
	natsMsg_Destroy(msg);
	return NULL;
}

void
jetstream_drop(void *message)
{
	natsMsg_Destroy(message);
}

enum error_class
jetstream_publish(const struct jetstream *j, void *message, int timeout_ms,
    char detail[DETAIL_LEN])
{
	natsMsg *msg = message;
	jsPubOptions o;
	natsStatus rc;

	jsPubOptions_Init(&o);
	o.MaxWait = timeout_ms + REMEMBER_MS;
	rc = js_PublishMsgAsync(j->context, &msg, &o);
	return rc == NATS_OK ? ERROR_NONE : explain(rc, detail);
}
