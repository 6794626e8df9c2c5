#include "jetstream.h"

#include <nats/nats.h>

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum {
	WRITE_MS = 5000,
	PING_MS = 10000, /* two without an answer end a connection */
	/*
	 * How much longer than the timeout libnats remembers a message. Longer
	 * than a write takes, or it would give up the message that it writes.
	 */
	REMEMBER_MS = 30000,
	CLOSE_MS = 10000,
	DETAIL_LEN = JETSTREAM_DETAIL_LEN
};

static const struct jetstream_calls *calls;

static const char *
verdict(const jsPubAck *ack, const jsPubAckErr *e, char detail[DETAIL_LEN])
{
	/* Whoever listens to the subject may answer; only a stream names
	 * itself. */
	if (e == NULL && (ack->Stream == NULL || ack->Stream[0] == '\0')) {
		snprintf(detail, DETAIL_LEN, "no acknowledgment of a stream");
		return ERROR_PROTOCOL;
	}
	if (e == NULL) {
		snprintf(detail, DETAIL_LEN,
		    "stream %s, sequence %" PRIu64 "%s", ack->Stream,
		    ack->Sequence, ack->Duplicate ? ", a duplicate" : "");
		return NULL;
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
	const char *error = verdict(ack, e, detail);

	(void)arg;
	calls->over(js, msg, error, detail);
	/* Only now may another message get the address of this one. */
	natsMsg_Destroy(msg);
}

static void
closed(natsConnection *nc, void *arg)
{
	(void)arg;
	calls->lost(nc);
}

static const char *
explain(natsStatus status, char detail[DETAIL_LEN])
{
	const char *text = nats_GetLastError(NULL);

	if (text == NULL || text[0] == '\0')
		text = natsStatus_GetText(status);
	snprintf(detail, DETAIL_LEN, "%s", text);
	switch (status) {
	case NATS_TIMEOUT:
		return ERROR_TIMEOUT;
	case NATS_NO_MEMORY:
		return ERROR_INTERNAL;
	case NATS_MAX_PAYLOAD:
	case NATS_NO_SERVER_SUPPORT:
		return ERROR_NATS;
	default:
		return ERROR_CONNECT;
	}
}

static natsStatus
set_options(natsOptions *o, const char *url, int timeout_ms)
{
	natsStatus rc = natsOptions_SetURL(o, url);

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
	return rc;
}

static natsStatus
connect_to(const char *url, int timeout_ms, natsConnection **nc, jsCtx **js)
{
	jsOptions jo;
	natsOptions *o = NULL;
	natsStatus rc = natsOptions_Create(&o);

	jsOptions_Init(&jo);
	jo.PublishAsync.AckHandler = acked;
	if (rc == NATS_OK)
		rc = set_options(o, url, timeout_ms);
	if (rc == NATS_OK)
		rc = natsConnection_Connect(nc, o);
	if (rc == NATS_OK)
		rc = natsConnection_JetStream(js, *nc, &jo);
	natsOptions_Destroy(o);
	return rc;
}

bool
jetstream_init(const struct jetstream_calls *c)
{
	calls = c;
	return nats_Open(-1) == NATS_OK;
}

void
jetstream_exit(void)
{
	nats_CloseAndWait(CLOSE_MS);
}

/* One numeric address: libnats has nothing to resolve and none to choose. */
static const char *
connect_address(struct jetstream *j, const struct addrinfo *ai, int port,
    int timeout_ms, char detail[DETAIL_LEN])
{
	char url[128], address[sizeof(j->address)];
	natsConnection *nc = NULL;
	jsCtx *js = NULL;
	natsStatus rc;

	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, address, sizeof(address),
		NULL, 0, NI_NUMERICHOST) != 0) {
		snprintf(detail, DETAIL_LEN, "its address cannot be written");
		return ERROR_DNS;
	}
	snprintf(url, sizeof(url),
	    ai->ai_family == AF_INET6 ? "nats://[%s]:%d" : "nats://%s:%d",
	    address, port);
	rc = connect_to(url, timeout_ms, &nc, &js);
	if (rc != NATS_OK) {
		natsConnection_Destroy(nc);
		return explain(rc, detail);
	}
	j->connection = nc;
	j->context = js;
	strcpy(j->address, address);
	return NULL;
}

const char *
jetstream_connect(struct jetstream *j, const struct guard *guard,
    const char *host, int port, int timeout_ms, char detail[DETAIL_LEN])
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
	const char *refusal, *error = NULL;
	int rc = getaddrinfo(host, NULL, &hints, &list), n = 0;

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
			    j, ai, port, timeout_ms / n + 1, detail);
		else if (error == NULL) {
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

const char *
jetstream_publish(const struct jetstream *j, void *message, int timeout_ms,
    char detail[DETAIL_LEN])
{
	natsMsg *msg = message;
	jsPubOptions o;
	natsStatus rc;

	jsPubOptions_Init(&o);
	o.MaxWait = timeout_ms + REMEMBER_MS;
	rc = js_PublishMsgAsync(j->context, &msg, &o);
	return rc == NATS_OK ? NULL : explain(rc, detail);
}
