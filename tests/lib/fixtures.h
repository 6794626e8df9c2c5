/*
 * tests/fixtures/<service>/{accept,reject}-*.json: a body and the expected
 * outcome. Each is one test, named after its file.
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
 * cmocka does: the number of failures. Aborts if a service has no fixture that
 * is accepted or none that is rejected. Other tests may run before.
 */
int fixtures_run(const char *group, CMUnitTestFunction test,
    CMFixtureFunction setup, CMFixtureFunction teardown);

/* The fixture's member as JSON text, which the caller frees. */
char *fixture_text(const struct fixture *, const char *member);

#endif
