/* The servers that a database URL names. */
#include "t.h"

#include <string.h>

#include "hosts.h"

static void
assert_host(const struct host *h, const char *name, const char *address,
    const char *port)
{
	assert_string_equal(h->name, name);
	assert_string_equal(h->address, address);
	assert_string_equal(h->port, port);
}

static void
hosts__nothing_given__libpqs_own_default(void **state)
{
	struct host h[HOSTS_MAX];

	(void)state;
	assert_int_equal(hosts_find(NULL, NULL, NULL, h), 1);
	assert_host(&h[0], "", "", "");
	assert_int_equal(hosts_find("", NULL, "5433", h), 1);
	assert_host(&h[0], "", "", "5433");
}

static void
hosts__directories_of_sockets__not_resolved(void **state)
{
	struct host h[HOSTS_MAX];

	(void)state;
	assert_int_equal(hosts_find("/run/a,@abstract", NULL, "1,2", h), 2);
	assert_host(&h[0], "/run/a", "", "1");
	assert_host(&h[1], "@abstract", "", "2");
}

static void
hosts__one_port_for_all__each_has_it(void **state)
{
	struct host h[HOSTS_MAX];

	(void)state;
	assert_int_equal(hosts_find("10.0.0.1,::1", NULL, "7", h), 2);
	assert_host(&h[0], "10.0.0.1", "10.0.0.1", "7");
	assert_host(&h[1], "::1", "::1", "7");
}

/* If a URI's two hosts have no ports, libpq says that the ports are ",". */
static void
hosts__an_empty_port__that_of_postgresql(void **state)
{
	struct host h[HOSTS_MAX];

	(void)state;
	assert_int_equal(hosts_find("127.0.0.1,/run", NULL, ",8", h), 2);
	assert_host(&h[0], "127.0.0.1", "127.0.0.1", "5432");
	assert_host(&h[1], "/run", "", "8");
}

static void
hosts__an_empty_name_among_several__left_to_libpq(void **state)
{
	struct host h[HOSTS_MAX];

	(void)state;
	assert_int_equal(hosts_find("127.0.0.1,", NULL, "8", h), 0);
}

static void
hosts__addresses_given__names_not_resolved(void **state)
{
	struct host h[HOSTS_MAX];

	(void)state;
	assert_int_equal(
	    hosts_find("a.invalid,b.invalid", "127.0.0.1,127.0.0.2", NULL, h),
	    2);
	assert_host(&h[0], "a.invalid", "127.0.0.1", "");
	assert_host(&h[1], "b.invalid", "127.0.0.2", "");
	assert_int_equal(hosts_find(NULL, "127.0.0.1", NULL, h), 1);
	assert_host(&h[0], "", "127.0.0.1", "");
}

static void
hosts__name_that_does_not_resolve__left_for_libpq(void **state)
{
	struct host h[HOSTS_MAX];

	(void)state;
	assert_int_equal(
	    hosts_find("name.invalid,127.0.0.1", NULL, NULL, h), 2);
	assert_host(&h[0], "name.invalid", "", "");
	assert_host(&h[1], "127.0.0.1", "127.0.0.1", "");
}

static void
hosts__lists_that_do_not_fit__none(void **state)
{
	struct host h[HOSTS_MAX];
	char name[2 * HOST_NAME_LEN];

	(void)state;
	assert_int_equal(hosts_find("a,b", NULL, "1,2,3", h), 0);
	assert_int_equal(hosts_find("a,b", "127.0.0.1", NULL, h), 0);
	assert_int_equal(hosts_find("/a", NULL, "123456789", h), 0);
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(hosts_find(name, NULL, NULL, h), 0);
}

static void
hosts__more_than_there_is_room_for__the_first(void **state)
{
	struct host h[HOSTS_MAX];
	char list[4 * (HOSTS_MAX + 2)] = "";
	int i;

	(void)state;
	for (i = 0; i < HOSTS_MAX + 2; i++)
		strcat(list, i > 0 ? ",/a" : "/a");
	assert_int_equal(hosts_find(list, NULL, NULL, h), HOSTS_MAX);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(hosts__nothing_given__libpqs_own_default),
	cmocka_unit_test(hosts__directories_of_sockets__not_resolved),
	cmocka_unit_test(hosts__one_port_for_all__each_has_it),
	cmocka_unit_test(hosts__an_empty_port__that_of_postgresql),
	cmocka_unit_test(hosts__an_empty_name_among_several__left_to_libpq),
	cmocka_unit_test(hosts__addresses_given__names_not_resolved),
	cmocka_unit_test(hosts__name_that_does_not_resolve__left_for_libpq),
	cmocka_unit_test(hosts__lists_that_do_not_fit__none),
	cmocka_unit_test(hosts__more_than_there_is_room_for__the_first),
};

T_MAIN(tests)
