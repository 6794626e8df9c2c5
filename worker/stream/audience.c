#include "audience.h"

#include <string.h>

#include "clock.h"
#include "published.h"

enum {
	ANSWER_BYTES = 2048,
	TIMEOUT_MS = 5000,
	KEPT_MS = 35000 /* nginx keeps messages for 30 s; 5 s of margin */
};

/* Without a line "subscribers: 0" there can be viewers. */
static bool
is_somebody(const struct buf *answer)
{
	return strstr(answer->data, "\nsubscribers: 0\n") == NULL;
}

static int
read_stored(const struct buf *answer)
{
	static const char name[] = "\nstored messages: ";
	const char *at = strstr(answer->data, name);

	return at != NULL ? published_count(at + strlen(name)) : -1;
}

static void
end_asking(struct post *post)
{
	struct audience *a = post->arg;

	a->asking = false;
	if (post->error == ERROR_NONE) {
		a->stored = read_stored(&a->answer);
		if (is_somebody(&a->answer))
			audience_presume(a, clock_steady_ms());
	}
	a->heard(a->arg, post);
}

void
audience_presume(struct audience *a, int64_t now_ms)
{
	a->until_ms = now_ms + KEPT_MS;
}

void
audience_ask(struct audience *a)
{
	static const char *const headers[] = { NULL };

	if (a->asking)
		return;
	a->asking = true;
	a->asked_ms = clock_steady_ms();
	buf_free(&a->answer);
	buf_init(&a->answer, ANSWER_BYTES);
	a->post = (struct post){
		.url = "http://stream/viewers",
		.unix_socket = a->socket,
		.headers = headers,
		.body = "",
		.timeout_ms = TIMEOUT_MS,
		.answer = &a->answer,
		.done = end_asking,
		.arg = a,
	};
	post_start(a->http, &a->post);
}

bool
audience_is_there(const struct audience *a, int64_t now_ms)
{
	return now_ms < a->until_ms;
}

void
audience_close(struct audience *a)
{
	buf_free(&a->answer);
}
