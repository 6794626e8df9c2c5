#include "cgi.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway.h"

extern char **environ;

/*
 * Section 4.2: nobody promises an end of the stream after the body, so no
 * more is read than was announced.
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
	struct gateway gateway = { .arg = &left,
		.params = environ,
		.read = read_body,
		.failed = read_failed,
		.write = write_bytes,
		.finish = finish };

	/* What is no number, gateway_serve refuses. */
	if (length != NULL && length[0] >= '0' && length[0] <= '9')
		left = strtoull(length, NULL, 10);
	alarm((unsigned int)context->config->request_timeout);
	gateway_serve(context, &gateway);
}
