/*
 * tests/fixtures/<service>/{accept,reject}-*.json: a body and what becomes of
 * it. Each is one test of its own, under its file's name.
 */
#ifndef FIXTURES_H
#define FIXTURES_H

#include <cmocka.h>

#include "json.h"

struct fixture {
	char service[64];
	char path[256];
	bool accepts;
	struct json *document;
};

/*
 * Runs `test` for every fixture; *state is its struct fixture. Returns what
 * cmocka does: the number of failures. Fails where a service has no fixture of
 * either verdict. More tests may come before them.
 */
int fixtures_run(const char *group, CMUnitTestFunction test,
    CMFixtureFunction setup, CMFixtureFunction teardown);

/* The fixture's member as JSON text, which the caller frees. */
char *fixture_text(const struct fixture *, const char *member);

#endif
