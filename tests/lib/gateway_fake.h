/*
 * A FastCGI stream and a route for the gateway: what was read, handled and
 * written.
 */
#ifndef GATEWAY_FAKE_H
#define GATEWAY_FAKE_H

#include "t.h"

#include <stdbool.h>

#include "gateway.h"

/* A web server made of strings. */
struct fake {
	const char *body;
	size_t left;
	size_t break_at; /* bytes before the end that the stream fails at */
	bool failed;
	struct buf out;
	int writes, finishes;
	bool wrote_early; /* before the body was read to its end */
};

/* What the route was given, and what it is to answer. */
extern struct seen {
	int calls;
	struct request request;
	char path[4096], query[4096], body[64];
	int status;
	const char *body_out;
	bool overflow;
	int delay_ms;
} seen;

extern struct config gateway_config;

void fake_serve(struct fake *f, char **params);

#define SERVE(f, ...) fake_serve(f, (char *[]){ __VA_ARGS__, NULL })
#define POST "REQUEST_METHOD=POST", "REQUEST_URI=/ingest/health"

int gateway_setup(void **state);
void gateway_assert_answer(struct fake *f, const char *start);

/* Nothing was handled; the answer has that status. */
void gateway_assert_refused(struct fake *f, const char *start);

#define TEST(name) cmocka_unit_test_setup(name, gateway_setup)

#endif
