#include "cgi.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway.h"

extern char **environ;

/*
 * RFC 3875, section 4.2: the web server need not end the stream after the body,
 * so no more than CONTENT_LENGTH is read.
 */
static size_t
read_body(void *arg, char *to, size_t n)
{
	unsigned long long *left = arg;
	size_t got;

	got = fread(to, 1, n < *left ? n : (size_t)*left, stdin);
	*left -= got;
	return got;
}

static bool
read_failed(void *arg)
{
	(void)arg;
	return ferror(stdin) != 0;
}

static void
write_bytes(void *arg, const char *from, size_t n)
{
	(void)arg;
	fwrite(from, 1, n, stdout);
}

static void
finish(void *arg)
{
	(void)arg;
	fflush(stdout);
}

void
cgi_serve(const struct context *context)
{
	const char *length = getenv("CONTENT_LENGTH");
	unsigned long long left = 0;
	static struct exchange exchange;
	struct gateway gateway = { .arg = &left,
		.params = environ,
		.read = read_body,
		.failed = read_failed,
		.write = write_bytes,
		.finish = finish };

	/* gateway_read() refuses a length that is no number. */
	if (length != NULL && length[0] >= '0' && length[0] <= '9')
		left = strtoull(length, NULL, 10);
	alarm((unsigned int)context->config->request_timeout);
	gateway_read(context, &exchange, &gateway);
	gateway_answer(context, (struct exchange *const[]){ &exchange }, 1);
}
