/* The tree in a directory, and under a git tag, that need quoting. */
#include "t.h"

#include <sys/stat.h>

#include "stack.h"

static void
tree__odd_name_and_tag__makes_and_runs_as_elsewhere(void **state)
{
	char dir[] = "/tmp/smartcity-test.XXXXXX", command[256];
	int status;

	(void)state;
	assert_non_null(mkdtemp(dir));
	/* If we are root, PostgreSQL and the pool run as other users. */
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(command, sizeof(command),
	    "tests/odd-tree %s \"${TEST_BUILD:-build}\" %d", dir,
	    stack_free_port());
	status = system(command);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(status, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(tree__odd_name_and_tag__makes_and_runs_as_elsewhere),
};

T_MAIN(tests)
