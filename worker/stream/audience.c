#include "audience.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum {
	ANSWER_BYTES = 2048,
	TIMEOUT_MS = 5000,
	KEPT_MS = 35000 /* nginx keeps messages for 30 s; 5 s of margin */
};

/* The number in the answer's line "name: number"; -1: there is no such line. */
static int
read_number(const struct buf *answer, const char *name)
{
	const char *at = answer->data;
	size_t len = strlen(name);

	while ((at = strchr(at, '\n')) != NULL)
		if (strncmp(++at, name, len) == 0 && at[len] == ':')
			return atoi(at + len + 1);
	return -1;
}

static void
end_asking(struct post *post)
{
	struct audience *a = post->arg;

	a->asking = false;
	a->stored = read_number(&a->answer, "stored messages");
	/* If the answer has no number, there can be viewers. */
	if (post->error == ERROR_NONE &&
	    read_number(&a->answer, "subscribers") != 0)
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
