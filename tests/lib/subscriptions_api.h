/*
 * /subscriptions without nginx and FastCGI: requests to the route, with a
 * database whose clock can be moved, and assertions about the answers.
 */
#ifndef SUBSCRIPTIONS_API_H
#define SUBSCRIPTIONS_API_H

#include "t.h"

#include "database.h"
#include "guard.h"
#include "json.h"
#include "route.h"

#define RECEIVER "https://receiver.example/hook"
#define NEW "{\"topic\":\"event.*\",\"url\":\"" RECEIVER "\"}"
#define NOBODY "0197c1d0-0000-7000-8000-000000000000"

extern struct guard api_guard;
extern struct context api_context;
extern struct response api_res;
extern struct json *api_answer;
extern const char *api_type;

int api_open(void **state);
void api_forget(void);
int api_close(void **state);

/* Each test starts without subscriptions. */
int api_empty(void **state);

/* Leaves the answer in api_res and, unless it is empty, in api_answer. */
int api_call(const char *method, const char *path, const char *body);
void api_expect(
    const char *method, const char *path, const char *body, int status);
const struct cJSON *api_value(const char *name);
void api_expect_member(const char *name, const char *want);
char *api_text(const char *name);

/* The caller frees the id. */
char *api_create(const char *body);
const char *api_path(const char *id, const char *rest);
void api_expect_fault(const char *member, const char *type, const char *msg);

#define WITH_HEADERS(headers)                                                  \
	"{\"topic\":\"event.*\",\"url\":\"" RECEIVER "\",\"headers\":" headers \
	"}"
#define TWO_HEADERS                                                            \
	"{\"Authorization\":\"Bearer "                                         \
	"s3cret-one\",\"X-Api-Key\":\"s3cret-two\"}"
#define NATS(user, rest)                                                       \
	"{\"topic\":\"event.*\",\"url\":\"nats://" user "n1.example/" rest "\"}"

/* Asserts that the last answer shows none of the tests' secrets. */
void api_expect_silence(void);

/* Asserts how headers and credentials are stored in the only row. */
void api_expect_kept(const char *want);

/* Asserts a 422: loc names the header, input is masked. */
void api_expect_header_fault(const char *name, const char *msg);

#define TEST(name) cmocka_unit_test_setup(name, api_empty)

#endif
