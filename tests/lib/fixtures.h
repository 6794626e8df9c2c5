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
 * Runs `test` for every fixture, to which *state then points. Returns the
 * number of failures. Aborts unless each service has both an accepted and a
 * rejected fixture. The caller may have run other tests before.
 */
int fixtures_run(const char *group, CMUnitTestFunction test,
    CMFixtureFunction setup, CMFixtureFunction teardown);

/* The fixture's member as JSON text, which the caller frees. */
char *fixture_text(const struct fixture *, const char *member);

#endif
