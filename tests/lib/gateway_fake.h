/*
 * A fake FastCGI stream and a fake route for the gateway, which record what it
 * reads, handles and writes.
 */
#ifndef GATEWAY_FAKE_H
#define GATEWAY_FAKE_H

#include "t.h"

#include <stdbool.h>

#include "gateway.h"

/* A FastCGI stream that reads from a string and writes to a buffer. */
struct fake {
	const char *body;
	size_t left;
	size_t break_at; /* bytes left when reading fails; 0: never */
	bool failed;
	struct buf out;
	int writes, finishes;
	bool wrote_early; /* it wrote before the whole body was read */
};

/* What the route was called with, and what it answers. */
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

/* Asserts that the route was not called, and how the answer starts. */
void gateway_assert_refused(struct fake *f, const char *start);

#define TEST(name) cmocka_unit_test_setup(name, gateway_setup)

#endif
