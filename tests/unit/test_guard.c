/*
 * The addresses that a delivery may connect to.
 */
#include "t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "guard.h"

static const char *
judge(const char *allow, const char *address)
{
	struct sockaddr_storage sa = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&sa;
	struct guard guard;
	char error[256];

	assert_int_equal(guard_init(&guard, allow, error), STATUS_OK);
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1)
		v4->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1)
		v6->sin6_family = AF_INET6;
	else
		fail_msg("%s is not an address", address);
	return guard_refusal(&guard, (const struct sockaddr *)&sa);
}

/* Expects all addresses to be refused with `refusal`; NULL: to be allowed. */
static void
check(const char *allow, const char *const *addresses, const char *refusal)
{
	const char *got;

	for (; *addresses != NULL; addresses++) {
		got = judge(allow, *addresses);
		if ((got == NULL) != (refusal == NULL) ||
		    (got != NULL && strstr(got, refusal) == NULL))
			fail_msg("\"%s\" %s: %s", allow, *addresses,
			    got != NULL ? got : "allowed");
	}
}

static const char *const global[] = { "1.1.1.1", "8.8.8.8", "9.255.255.255",
	"11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
	"128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	"172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0",
	"192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
	"198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
	"223.255.255.255", "168.63.129.15", "2000::1", "2001:200::1",
	"2001:db7::1", "2001:db9::1", "2001:4860:4860::8888", "2003::1",
	"2606:4700::1111", "3ffe::1", "3fff:1000::1", "::ffff:8.8.8.8", NULL };

static const char *const never[] = { "0.0.0.0", "0.255.255.255", "169.254.0.0",
	"169.254.169.254", "169.254.255.255", "100.100.100.200",
	"168.63.129.16", "192.0.0.0", "192.0.0.192", "192.0.0.255", "192.0.2.1",
	"192.88.99.1", "198.18.0.0", "198.19.255.255", "198.51.100.7",
	"203.0.113.9", "224.0.0.0", "239.255.255.255", "240.0.0.0",
	"255.255.255.254", "255.255.255.255", "::", "::2", "::127.0.0.1",
	"::10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
	"64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:1ff::1", "2001:10::1",
	"2001:20::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "3fff:fff::1",
	"4000::1", "5f00::1", "8000::1", "fd00:ec2::254", "fd00:ec2::23",
	"fd20:ce::254", "fd00:42::42", "fd00:c1::a9fe:a9fe", "fe80::1",
	"febf::1", "fec0::1", "feff::1", "fe00::1", "ff02::1", "ff0e::1",
	"::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:224.0.0.1",
	"::ffff:100.100.100.200", NULL };

static const char *const private[] = { "10.0.0.0", "10.255.255.255",
	"172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255",
	"100.64.0.0", "100.127.255.255", "100.100.100.199", "fc00::1",
	"fdff:ffff::1", "fd00:ec1:ffff::1", "::ffff:10.0.0.1",
	"::ffff:192.168.1.1", NULL };

static const char *const loopback[] = { "127.0.0.0", "127.0.0.1",
	"127.255.255.255", "::1", "::ffff:127.0.0.1", NULL };

static void
guard__public_address__allowed(void **state)
{
	(void)state;
	check("", global, NULL);
	check("10.0.0.0/8", global, NULL);
}

static void
guard__special_address__refused_whatever_is_allowed(void **state)
{
	(void)state;
	check("", never, " addresses are never allowed");
	check("0.0.0.0/0,::/0,loopback,private", never,
	    " addresses are never allowed");
	check("169.254.169.254,100.100.100.200/32,fd00:ec2::254,fe80::/10",
	    never, " addresses are never allowed");
}

static void
guard__private_or_loopback_address__refused_by_default(void **state)
{
	(void)state;
	check("", private,
	    "private addresses are allowed only with "
	    "SMARTCITY_DELIVERY_ALLOW");
	check("", loopback,
	    "loopback addresses are allowed only with "
	    "SMARTCITY_DELIVERY_ALLOW");
}

static void
guard__words__their_ranges_alone(void **state)
{
	(void)state;
	check("private", private, NULL);
	check("private", loopback, "loopback");
	check("loopback", loopback, NULL);
	check("loopback", private, "private");
	check(" loopback ,\tprivate ", private, NULL);
	check("0.0.0.0/0,::/0", private, NULL);
}

static void
guard__range_allowed__ends_where_it_ends(void **state)
{
	static const char *const in[] = { "10.1.0.0", "10.1.255.255",
		"::ffff:10.1.2.3", "192.168.7.7", "fd12::1", NULL };
	static const char *const out[] = { "10.0.255.255", "10.2.0.0",
		"192.168.7.8", "192.168.7.6", "fd13::1", "fd11:ffff::1", NULL };
	static const char allow[] = "10.1.0.0/16,192.168.7.7,fd12::/16";

	(void)state;
	check(allow, in, NULL);
	check(allow, out, "private");
}

/* ::/0 is all of IPv6 and nothing of IPv4, not even as an IPv6 address. */
static void
guard__all_of_one_family_allowed__not_the_other(void **state)
{
	(void)state;
	assert_null(judge("::/0", "fc00::1"));
	assert_non_null(judge("::/0", "10.0.0.1"));
	assert_non_null(judge("::/0", "::ffff:10.0.0.1"));
	assert_null(judge("0.0.0.0/0", "::ffff:10.0.0.1"));
	assert_non_null(judge("0.0.0.0/0", "fc00::1"));
	assert_null(judge("::ffff:10.0.0.0/104", "10.9.9.9"));
}

static void
guard__other_family__refused(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct guard guard;
	char error[256];

	(void)state;
	assert_int_equal(
	    guard_init(&guard, "0.0.0.0/0,::/0", error), STATUS_OK);
	assert_non_null(
	    guard_refusal(&guard, (const struct sockaddr *)(void *)&sa));
}

static void
guard_init__wrong_list__says_which(void **state)
{
	static const char *const rows[][2] = {
		{ "10.0.0.0/33", "\"10.0.0.0/33\"" },
		{ "fc00::/129", "\"fc00::/129\"" },
		{ "10.0.0.0/", "\"10.0.0.0/\"" },
		{ "10.0.0.0/-1", "\"10.0.0.0/-1\"" },
		{ "10.0.0.0/8x", "\"10.0.0.0/8x\"" },
		{ "10.0.0.0/0008", "\"10.0.0.0/0008\"" },
		{ "10/8", "\"10/8\"" },
		{ "10.1.0.0/8", "\"10.1.0.0/8\"" },
		{ "fc00::1/64", "\"fc00::1/64\"" },
		{ "example.com", "\"example.com\"" },
		{ "Loopback", "\"Loopback\"" },
		{ "private;loopback", "\"private;loopback\"" },
		{ "private,", "\"\"" },
		{ ",private", "\"\"" },
		{ "private,,loopback", "\"\"" },
		{ "loopback, 10.0.0.256 ,private", "\"10.0.0.256\"" },
		{ "111111111122222222223333333333444444444455555555556666666666"
		  "7"
		  "777777777",
		    "1111111111" },
	};
	struct guard guard;
	char error[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    guard_init(&guard, rows[i][0], error), STATUS_REJECT);
		if (strstr(error, rows[i][1]) == NULL ||
		    strncmp(error, "SMARTCITY_DELIVERY_ALLOW: ", 26) != 0)
			fail_msg("%s: %s", rows[i][0], error);
	}
}

static void
guard_init__more_ranges_than_fit__refused(void **state)
{
	struct guard guard;
	char text[2048] = "10.0.0.1", error[256];
	size_t i;

	(void)state;
	for (i = 1; i < GUARD_ALLOWED_MAX; i++)
		strcat(text, ",10.0.0.1");
	assert_int_equal(guard_init(&guard, text, error), STATUS_OK);
	strcat(text, ",10.0.0.1");
	assert_int_equal(guard_init(&guard, text, error), STATUS_REJECT);
	assert_non_null(strstr(error, "more than 64 ranges"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(guard__public_address__allowed),
	cmocka_unit_test(guard__special_address__refused_whatever_is_allowed),
	cmocka_unit_test(
	    guard__private_or_loopback_address__refused_by_default),
	cmocka_unit_test(guard__words__their_ranges_alone),
	cmocka_unit_test(guard__range_allowed__ends_where_it_ends),
	cmocka_unit_test(guard__all_of_one_family_allowed__not_the_other),
	cmocka_unit_test(guard__other_family__refused),
	cmocka_unit_test(guard_init__wrong_list__says_which),
	cmocka_unit_test(guard_init__more_ranges_than_fit__refused),
};

T_MAIN(tests)
