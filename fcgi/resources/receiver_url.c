#include "receiver_url.h"

#include <stdio.h>
#include <string.h>

#include "url.h"

enum {
	MSG_LEN = 400
};

void
receiver_url_put_masked(struct buf *out, const char *text)
{
	const char *start = strstr(text, "://"), *at = strrchr(text, '@');
	struct buf masked;

	start = start != NULL ? start + 3 : text;
	if (at == NULL || at < start) {
		buf_json_string(out, text, strlen(text));
		return;
	}
	buf_init(&masked, BODY_MAX);
	buf_put(&masked, text, (size_t)(start - text));
	buf_puts(&masked, URL_MASK);
	buf_puts(&masked, at);
	buf_json_string(out, masked.data, masked.len);
	buf_free(&masked);
}

static void
fault(struct faults *faults, const char *type, const char *text,
    const char *before, const char *why)
{
	char msg[MSG_LEN];
	struct buf input;

	snprintf(msg, sizeof(msg), "%s: %s", before, why);
	buf_init(&input, BODY_MAX);
	receiver_url_put_masked(&input, text);
	faults_add(faults, type, "body", "url", msg, input.data);
	buf_free(&input);
}

static void
put(struct buf *out, const struct url *url, const char *text)
{
	struct buf plain;

	if (url->user_len == 0) {
		buf_json_string(out, text, strlen(text));
		buf_puts(out, ",\"credentials\":null");
		return;
	}
	buf_init(&plain, URL_MAX);
	buf_put(&plain, text, (size_t)(url->user - text));
	buf_puts(&plain, url->user + url->user_len + 1);
	buf_json_string(out, plain.data, plain.len);
	buf_puts(out, ",\"credentials\":");
	buf_json_string(out, url->user, url->user_len);
	buf_free(&plain);
}

/* Addresses are checked here, names only when the worker connects to them. */
static const char *
refusal(const struct guard *guard, const struct url *url)
{
	struct sockaddr_storage address;

	return url_address(url, &address)
	    ? guard_refusal(guard, (const struct sockaddr *)(void *)&address)
	    : NULL;
}

bool
receiver_url_read(const struct guard *guard, const char *text, bool is_new,
    struct buf *out, struct faults *faults)
{
	const char *error;
	struct url url;

	error = url_parse(&url, text);
	if (error == NULL && is_new && url.user_len > 0 &&
	    url_user_is_masked(url.user, url.user_len))
		error = "its password is masked, but no password is stored yet";
	if (error != NULL) {
		fault(faults, "url_parsing", text,
		    "Input should be a valid URL", error);
		return false;
	}
	error = refusal(guard, &url);
	if (error != NULL)
		fault(faults, "url_forbidden", text,
		    "This address cannot be delivered to", error);
	else
		put(out, &url, text);
	return url_is_nats(&url);
}
