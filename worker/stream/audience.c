#include "audience.h"

#include <string.h>

#include "clock.h"

enum {
	ANSWER_BYTES = 2048,
	TIMEOUT_MS = 5000,
	KEPT_MS = 35000 /* nginx keeps a message for 30 s, and see them leave */
};

/* What has no line "subscribers: 0" is somebody, also what we cannot read. */
static bool
is_somebody(const struct buf *answer)
{
	return strstr(answer->data, "\nsubscribers: 0\n") == NULL;
}

static void
end_asking(struct post *post)
{
	struct audience *a = post->arg;

	a->asking = false;
	if (post->error == ERROR_NONE && is_somebody(&a->answer))
		audience_presume(a, clock_steady_ms());
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
