#include "t.h"

#include <string.h>

#include "origin.h"

#define LISTED                                                                 \
	"https://dash.example, http://localhost:3000,HTTPS://Up.Example:443 "  \
	",http://[0:0:0:0:0:0:0:1]:81"

struct row {
	const char *host, *origin;
	enum origin is;
};

static void
judge_all(const struct row *row, bool is_https)
{
	struct site site = { .is_https = is_https, .listed = LISTED };

	for (; row->origin != NULL; row++) {
		site.host = row->host;
		if (origin_of(row->origin, &site) != row->is)
			fail_msg("%s of %s: not %d", row->origin,
			    row->host ? row->host : "no host", row->is);
	}
}

static void
origin__of_the_host_asked__own(void **state)
{
	static const struct row rows[] = {
		{ "a.example", "http://a.example", ORIGIN_OWN },
		{ "a.example", "https://a.example", ORIGIN_OWN },
		{ "A.Example", "http://a.example", ORIGIN_OWN },
		{ "a.example", "HTTP://A.EXAMPLE", ORIGIN_OWN },
		{ "a.example:80", "http://a.example", ORIGIN_OWN },
		{ "a.example", "http://a.example:80", ORIGIN_OWN },
		{ "a.example:443", "https://a.example", ORIGIN_OWN },
		{ "a.example", "https://a.example:443", ORIGIN_OWN },
		{ "127.0.0.1:8000", "http://127.0.0.1:8000", ORIGIN_OWN },
		{ "localhost:8000", "http://localhost:8000", ORIGIN_OWN },
		{ "[::1]:8000", "http://[::1]:8000", ORIGIN_OWN },
		{ "[::1]", "http://[::1]", ORIGIN_OWN },
		{ "[FE80::1]", "https://[fe80::1]", ORIGIN_OWN },
		{ "[0:0::1]:8000", "http://[::1]:8000", ORIGIN_OWN },
		{ "a_b.example", "http://a_b.example", ORIGIN_OWN },
		{ "a.example", "", ORIGIN_NONE },
		{ NULL, "", ORIGIN_NONE },
		{ 0 },
	};

	(void)state;
	judge_all(rows, false);
}

static void
origin__of_another_host_port_or_scheme__foreign(void **state)
{
	static const struct row rows[] = {
		{ "a.example", "http://b.example", ORIGIN_FOREIGN },
		{ "a.example", "http://a.example.evil.example",
		    ORIGIN_FOREIGN },
		{ "a.example", "http://evil-a.example", ORIGIN_FOREIGN },
		{ "a.example", "http://www.a.example", ORIGIN_FOREIGN },
		{ "www.a.example", "http://a.example", ORIGIN_FOREIGN },
		{ "a.example", "http://a.example:8000", ORIGIN_FOREIGN },
		{ "a.example:8000", "http://a.example", ORIGIN_FOREIGN },
		{ "a.example:8000", "http://a.example:8001", ORIGIN_FOREIGN },
		{ "a.example:80", "https://a.example", ORIGIN_FOREIGN },
		{ "a.example:443", "http://a.example", ORIGIN_FOREIGN },
		{ "a.example", "http://a.example:443", ORIGIN_FOREIGN },
		{ "127.0.0.1:8000", "http://localhost:8000", ORIGIN_FOREIGN },
		{ "localhost:8000", "http://127.0.0.1:8000", ORIGIN_FOREIGN },
		{ "[::1]:8000", "http://127.0.0.1:8000", ORIGIN_FOREIGN },
		{ "[::1]:8000", "http://[::2]:8000", ORIGIN_FOREIGN },
		{ "a.example", "ftp://a.example", ORIGIN_FOREIGN },
		{ "a.example", "chrome-extension://a.example", ORIGIN_FOREIGN },
		{ "", "http://a.example", ORIGIN_FOREIGN },
		{ NULL, "http://a.example", ORIGIN_FOREIGN },
		{ "a.example/x", "http://a.example", ORIGIN_FOREIGN },
		{ "x@a.example", "http://a.example", ORIGIN_FOREIGN },
		{ "a b", "http://a.example", ORIGIN_FOREIGN },
		{ "a.example:", "http://a.example", ORIGIN_FOREIGN },
		{ 0 },
	};

	(void)state;
	judge_all(rows, false);
}

static void
origin__null_malformed_or_long__foreign(void **state)
{
	static const char *const texts[] = { "null", "NULL", "*", "a.example",
		"//a.example", "http:/a.example", "http://",
		"http://a.example/", "http://a.example/x", "http://a.example?",
		"http://a.example#", "http://x@a.example", "http://a.example:0",
		"http://a.example:65536", "http://a.example:x",
		"http://a.example:", "http://a example", "http://[::1",
		"http://a.example http://a.example", " ", ",",
		"http://a.example,", "http://a.ex\xc3\xa4mple" };
	struct site site = { .host = "a.example", .listed = LISTED };
	char name[2048] = "http://";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (origin_of(texts[i], &site) != ORIGIN_FOREIGN)
			fail_msg("%s", texts[i]);
	memset(name + 7, 'a', sizeof(name) - 8);
	assert_int_equal(origin_of(name, &site), ORIGIN_FOREIGN);
	site.host = name + 7;
	assert_int_equal(origin_of(name, &site), ORIGIN_FOREIGN);
}

/* Anybody can make a name of their own resolve here (DNS rebinding). */
static void
origin__server_without_a_name__local_names_and_addresses_alone(void **state)
{
	static const char *const unnamed[] = { "_", "", "localhost" };
	static const struct {
		const char *host;
		enum origin is;
	} rows[] = {
		{ "evil.example:8000", ORIGIN_FOREIGN },
		{ "evil-localhost:8000", ORIGIN_FOREIGN },
		{ "localhost.evil.example:8000", ORIGIN_FOREIGN },
		{ "1.2.3.4.evil.example:8000", ORIGIN_FOREIGN },
		{ "localhost:8000", ORIGIN_OWN },
		{ "LocalHost:8000", ORIGIN_OWN },
		{ "city.localhost:8000", ORIGIN_OWN },
		{ "127.0.0.1:8000", ORIGIN_OWN },
		{ "192.0.2.7:8000", ORIGIN_OWN },
		{ "[::1]:8000", ORIGIN_OWN },
		{ "dash.example", ORIGIN_LISTED },
	};
	struct site site = { .listed = LISTED };
	char origin[64];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(origin, sizeof(origin), "%s://%s",
		    rows[i].is == ORIGIN_LISTED ? "https" : "http",
		    rows[i].host);
		site.host = rows[i].host;
		for (k = 0; k < sizeof(unnamed) / sizeof(*unnamed); k++) {
			site.name = unnamed[k];
			if (origin_of(origin, &site) != rows[i].is)
				fail_msg("%s of %s", origin, site.name);
		}
	}
	site.host = "evil.example:8000";
	site.name = "city.example";
	/*
	 * The server has a name, so nginx chose it by that name, or its
	 * operator made it the default.
	 */
	assert_int_equal(
	    origin_of("http://evil.example:8000", &site), ORIGIN_OWN);
}

static void
origin__several__all_must_be_welcome(void **state)
{
	static const struct row rows[] = {
		{ "a.example", "http://a.example, http://a.example",
		    ORIGIN_OWN },
		{ "a.example", "http://a.example,https://dash.example",
		    ORIGIN_LISTED },
		{ "a.example", "http://a.example, http://b.example",
		    ORIGIN_FOREIGN },
		{ "a.example", "http://b.example, http://a.example",
		    ORIGIN_FOREIGN },
		{ "a.example", "https://dash.example, null", ORIGIN_FOREIGN },
		{ 0 },
	};

	(void)state;
	judge_all(rows, false);
}

static void
origin__listed__exactly_with_scheme_and_port(void **state)
{
	static const struct row rows[] = {
		{ "a.example", "https://dash.example", ORIGIN_LISTED },
		{ "a.example", "https://dash.example:443", ORIGIN_LISTED },
		{ "a.example", "https://up.example", ORIGIN_LISTED },
		{ "a.example", "http://localhost:3000", ORIGIN_LISTED },
		{ "a.example", "http://[::1]:81", ORIGIN_LISTED },
		{ NULL, "https://dash.example", ORIGIN_LISTED },
		/* Own and listed at once: the page may read answers, too. */
		{ "dash.example", "https://dash.example", ORIGIN_LISTED },
		{ "a.example", "http://dash.example", ORIGIN_FOREIGN },
		{ "a.example", "https://dash.example:444", ORIGIN_FOREIGN },
		{ "a.example", "https://x.dash.example", ORIGIN_FOREIGN },
		{ "a.example", "http://localhost:300", ORIGIN_FOREIGN },
		{ "a.example", "http://localhost", ORIGIN_FOREIGN },
		{ 0 },
	};

	(void)state;
	judge_all(rows, false);
}

static void
origin__http_where_https_ends_here__foreign(void **state)
{
	static const struct row rows[] = {
		{ "a.example", "https://a.example", ORIGIN_OWN },
		{ "a.example", "http://a.example", ORIGIN_FOREIGN },
		{ "a.example:8443", "https://a.example:8443", ORIGIN_OWN },
		{ "a.example:8443", "http://a.example:8443", ORIGIN_FOREIGN },
		{ "a.example", "http://localhost:3000", ORIGIN_LISTED },
		{ 0 },
	};

	(void)state;
	judge_all(rows, true);
}

static void
fetch_site__any_but_same_origin_and_none__foreign(void **state)
{
	(void)state;
	assert_int_equal(origin_of_fetch(""), ORIGIN_NONE);
	assert_int_equal(origin_of_fetch("none"), ORIGIN_NONE);
	assert_int_equal(origin_of_fetch("same-origin"), ORIGIN_OWN);
	assert_int_equal(
	    origin_of_fetch("same-origin, same-origin"), ORIGIN_OWN);
	assert_int_equal(origin_of_fetch("same-site"), ORIGIN_FOREIGN);
	assert_int_equal(origin_of_fetch("cross-site"), ORIGIN_FOREIGN);
	assert_int_equal(origin_of_fetch("Same-Origin"), ORIGIN_FOREIGN);
	assert_int_equal(origin_of_fetch("same-origin,"), ORIGIN_FOREIGN);
	assert_int_equal(
	    origin_of_fetch("same-origin, cross-site"), ORIGIN_FOREIGN);
	assert_int_equal(origin_of_fetch("x"), ORIGIN_FOREIGN);
}

static void
list__good__taken(void **state)
{
	static const char *const lists[] = { "", "  ", LISTED,
		"https://a.example", "http://10.0.0.1:8080,http://[::1]" };
	char error[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (origin_check_list(lists[i], error) != STATUS_OK)
			fail_msg("%s: %s", lists[i], error);
}

static void
list__bad__refused_with_the_reason(void **state)
{
	static const char *const rows[][2] = {
		{ "*", "\"*\" is refused: every page on the web" },
		{ "https://*.a.example", "neither a name nor an address" },
		{ "null", "anybody can make a page" },
		{ "a.example", "must begin with http:// or https://" },
		{ "nats://a.example", "must begin with http:// or https://" },
		{ "https://a.example/", "ends after host and port" },
		{ "https://a.example/app", "ends after host and port" },
		{ "https://u:p@a.example", "no user and password" },
		{ "https://a.example:99999", "the port is not a number" },
		{ "https://a.example,", "\"\" is refused" },
		{ "https://a.example,,https://b.example", "\"\" is refused" },
		{ "https://a.example https://b.example", "refused" },
		{ "https://a.example,b", "\"b\" is refused" },
	};
	char error[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    origin_check_list(rows[i][0], error), STATUS_REJECT);
		if (strncmp(error, "SMARTCITY_ORIGINS: ", 19) != 0 ||
		    strstr(error, rows[i][1]) == NULL)
			fail_msg("%s: %s", rows[i][0], error);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(origin__of_the_host_asked__own),
	cmocka_unit_test(origin__of_another_host_port_or_scheme__foreign),
	cmocka_unit_test(origin__null_malformed_or_long__foreign),
	cmocka_unit_test(
	    origin__server_without_a_name__local_names_and_addresses_alone),
	cmocka_unit_test(origin__several__all_must_be_welcome),
	cmocka_unit_test(origin__listed__exactly_with_scheme_and_port),
	cmocka_unit_test(origin__http_where_https_ends_here__foreign),
	cmocka_unit_test(fetch_site__any_but_same_origin_and_none__foreign),
	cmocka_unit_test(list__good__taken),
	cmocka_unit_test(list__bad__refused_with_the_reason),
};

T_MAIN(tests)
