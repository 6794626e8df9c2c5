/*
 * URLs of receivers: accepted or refused, and which hosts are addresses.
 */
#include "t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "url.h"

static void
url__good__in_its_parts(void **state)
{
	static const struct {
		const char *text, *scheme, *host;
		int port;
		const char *rest;
	} rows[] = {
		{ "http://example.com", "http", "example.com", 80, "" },
		{ "HTTPS://Example.COM/", "https", "example.com", 443, "/" },
		{ "https://a:8443/p/q?x=1&y=%2f", "https", "a", 8443,
		    "/p/q?x=1&y=%2f" },
		{ "http://a?b=/c@d:e", "http", "a", 80, "?b=/c@d:e" },
		{ "http://a.b./", "http", "a.b.", 80, "/" },
		{ "http://x_y-z.9/~u/(v)!$&'*+,;=:", "http", "x_y-z.9", 80,
		    "/~u/(v)!$&'*+,;=:" },
		{ "http://[2001:DB8::1]:81/x", "http", "2001:db8::1", 81,
		    "/x" },
		{ "http://[::1]", "http", "::1", 80, "" },
		{ "http://127.1:65535", "http", "127.1", 65535, "" },
		{ "nats://n1/events", "nats", "n1", 4222, "/events" },
		{ "nats://n1:4223/city.events-x.A_1", "nats", "n1", 4223,
		    "/city.events-x.A_1" },
		{ "TLS://n1/events", "tls", "n1", 4222, "/events" },
		{ "nats://u:p@n1/events", "nats", "n1", 4222, "/events" },
		{ "tls://t@[::1]:1/events", "tls", "::1", 1, "/events" },
	};
	struct url url;
	const char *error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if ((error = url_parse(&url, rows[i].text)) != NULL)
			fail_msg("%s: %s", rows[i].text, error);
		assert_string_equal(url.scheme, rows[i].scheme);
		assert_string_equal(url.host, rows[i].host);
		assert_int_equal(url.port, rows[i].port);
		assert_string_equal(url.rest, rows[i].rest);
	}
}

static void
url__bad__refused_with_the_reason(void **state)
{
	static const char *const rows[][2] = {
		{ "", "does not start with" },
		{ "http", "does not start with" },
		{ "http:/a", "does not start with" },
		{ "//a/b", "does not start with" },
		{ " http://a", "does not start with" },
		{ "ftp://a/b", "does not start with" },
		{ "file:///etc/passwd", "does not start with" },
		{ "gopher://a", "does not start with" },
		{ "httpx://a", "does not start with" },
		{ "httphttp://a", "does not start with" },
		{ "http://u@a", "user and password" },
		{ "https://u:p@a/", "\"headers\": {\"Authorization\"" },
		{ "nats://@a/b", "nothing before the @" },
		{ "nats://:p@a/b", "no user" },
		{ "nats://u:@a/b", "no password" },
		{ "nats://u:p@q@a/b", "%40" },
		{ "nats://u:p/q@a/b", "%2F" },
		{ "nats://u:p?q@a/b", "%3F" },
		{ "nats://u:p#q@a/b", "%23" },
		{ "nats://u:[@a/b", "%5B" },
		{ "nats://u:p%22@a/b", "quotation marks" },
		{ "nats://u:%5C@a/b", "backslashes" },
		{ "nats://u%0a:p@a/b", "control characters" },
		{ "nats://%00@a/b", "control characters" },
		{ "nats://u:p%4@a/b", "hexadecimal" },
		{ "nats://u:p@/b", "the host" },
		{ "tls://a/b.*", "subject" },
		{ "tls://a", "subject" },
		{ "http://u:p@a/b", "user and password" },
		{ "http://a\\@b", "encoded" },
		{ "http://a#b", "fragment" },
		{ "http://a/b#", "fragment" },
		{ "http://a/b c", "encoded" },
		{ "http://a/\r\nX: y", "encoded" },
		{ "http://a/\x7f", "encoded" },
		{ "http://a/\xc3\xa4", "encoded" },
		{ "http://\xc3\xa4/", "encoded" },
		{ "http://a/[b]", "encoded" },
		{ "http://a/{b}", "encoded" },
		{ "http://a/\"", "encoded" },
		{ "http://a/%", "hexadecimal" },
		{ "http://a/%4", "hexadecimal" },
		{ "http://a/%zz", "hexadecimal" },
		{ "http://", "the host" },
		{ "http:///x", "the host" },
		{ "http://?x", "the host" },
		{ "http://:80/", "the host" },
		{ "http://./", "the host" },
		{ "http://.a/", "the host" },
		{ "http://a..b/", "the host" },
		{ "http://a../", "the host" },
		{ "http://a%41/", "the host" },
		{ "http://a,b/", "the host" },
		{ "http://[::1", "the host" },
		{ "http://[/]", "the host" },
		{ "http://[]/", "the host" },
		{ "http://[1.2.3.4]/", "the host" },
		{ "http://[::g]/", "the host" },
		{ "http://[fe80::1%25eth0]/", "the host" },
		{ "http://[::1]x/", "the port" },
		{ "http://[::1]]/", "the port" },
		{ "http://::1/", "the host" },
		{ "http://a::1/", "the port" },
		{ "http://a:/", "the port" },
		{ "http://a:0/", "the port" },
		{ "http://a:65536/", "the port" },
		{ "http://a:000080/", "the port" },
		{ "http://a:+1/", "the port" },
		{ "http://a:8x/", "the port" },
		{ "http://a:1:2/", "the port" },
		{ "nats://a", "subject" },
		{ "nats://a/", "subject" },
		{ "nats://a/b.", "subject" },
		{ "nats://a/.b", "subject" },
		{ "nats://a/b..c", "subject" },
		{ "nats://a/b/c", "subject" },
		{ "nats://a/b.*", "subject" },
		{ "nats://a/b?c", "subject" },
		{ "nats://a?b", "subject" },
		{ "nats://a/%41", "subject" },
	};
	struct url url;
	const char *error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		error = url_parse(&url, rows[i][0]);
		if (error == NULL || strstr(error, rows[i][1]) == NULL)
			fail_msg("%s: %s", rows[i][0],
			    error != NULL ? error : "accepted");
	}
}

static void
url__too_long__refused(void **state)
{
	char text[URL_MAX + 2];
	struct url url;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://a/", 9);
	text[URL_MAX] = '\0';
	assert_null(url_parse(&url, text));
	text[URL_MAX] = 'a';
	text[URL_MAX + 1] = '\0';
	assert_non_null(url_parse(&url, text));
}

static void
url__long_host__up_to_the_limits_of_dns(void **state)
{
	char text[512] = "http://";
	struct url url;
	size_t i;

	(void)state;
	for (i = 0; i < URL_HOST_MAX; i++)
		text[7 + i] = i % 64 == 63 ? '.' : 'a';
	assert_null(url_parse(&url, text));
	text[7 + i] = 'a';
	assert_non_null(url_parse(&url, text));
	memset(text + 7, 'a', 64);
	text[7 + 63] = '\0';
	assert_null(url_parse(&url, text));
	text[7 + 63] = 'a';
	text[7 + 64] = '\0';
	assert_non_null(url_parse(&url, text));
}

static void
url_address__any_spelling__its_address_and_port(void **state)
{
	static const char *const rows[][2] = {
		{ "127.0.0.1", "127.0.0.1" },
		{ "127.1", "127.0.0.1" },
		{ "2130706433", "127.0.0.1" },
		{ "0x7f000001", "127.0.0.1" },
		{ "0X7F.1", "127.0.0.1" },
		{ "0177.0.0.1", "127.0.0.1" },
		{ "10.1", "10.0.0.1" },
		{ "0", "0.0.0.0" },
		{ "0xa9fea9fe", "169.254.169.254" },
		{ "[::1]", "::1" },
		{ "[::FFFF:10.0.0.1]", "::ffff:10.0.0.1" },
		{ "localhost", "127.0.0.1" },
		{ "LocalHost.", "127.0.0.1" },
		{ "a.b.localhost", "127.0.0.1" },
	};
	struct sockaddr_storage sa;
	char text[128], address[INET6_ADDRSTRLEN];
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&sa;
	struct url url;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "http://%s:81/", rows[i][0]);
		assert_null(url_parse(&url, text));
		assert_true(url_address(&url, &sa));
		if (sa.ss_family == AF_INET6)
			inet_ntop(
			    AF_INET6, &v6->sin6_addr, address, sizeof(address));
		else
			inet_ntop(
			    AF_INET, &v4->sin_addr, address, sizeof(address));
		assert_string_equal(address, rows[i][1]);
		assert_int_equal(ntohs(sa.ss_family == AF_INET6 ? v6->sin6_port
								: v4->sin_port),
		    81);
	}
}

static void
url_address__a_name__none(void **state)
{
	static const char *const rows[] = { "http://example.com",
		"http://localhost.example.com", "http://mylocalhost",
		"http://1.2.3.4.5", "http://256.1.1.1", "http://0x.example",
		"http://4294967296", "http://1.2.3.4." };
	struct sockaddr_storage sa;
	struct url url;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_null(url_parse(&url, rows[i]));
		assert_false(url_address(&url, &sa));
	}
}

/* Logs show the host, so it must not hold a secret. */
static void
url_host__any_url__the_host_and_nothing_else(void **state)
{
	static const char *const rows[][2] = {
		{ "https://Hooks.example:8443/T0/secret?token=x",
		    "hooks.example" },
		{ "http://[::1]:80/x", "::1" },
		{ "nats://n1/city.events", "n1" },
		{ "no URL with a secret", "" },
		{ "", "" },
		{ NULL, "" },
	};
	char host[URL_HOST_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		url_host(rows[i][0], host);
		assert_string_equal(host, rows[i][1]);
	}
}

static void
url_user__of_nats__decoded(void **state)
{
	static const struct {
		const char *text, *raw, *name, *password;
	} rows[] = {
		{ "nats://u:p@a/b", "u:p", "u", "p" },
		{ "nats://u:p:q@a/b", "u:p:q", "u", "p:q" },
		{ "tls://a%40b:%2f%3A%25@a/b", "a%40b:%2f%3A%25", "a@b",
		    "/:%" },
		{ "nats://s3cr.et-~!$&'()*+,;=@a/b",
		    "s3cr.et-~!$&'()*+,;=", "s3cr.et-~!$&'()*+,;=", NULL },
		{ "nats://t%3Au@a/b", "t%3Au", "t:u", NULL },
		{ "nats://%C3%A4@a/b", "%C3%A4", "\xc3\xa4", NULL },
	};
	struct url_user user;
	struct url url;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_null(url_parse(&url, rows[i].text));
		assert_true(url_is_nats(&url));
		assert_int_equal(url.user_len, strlen(rows[i].raw));
		assert_memory_equal(url.user, rows[i].raw, url.user_len);
		assert_null(url_user_parse(&user, url.user, url.user_len));
		assert_string_equal(user.name, rows[i].name);
		assert_int_equal(user.has_password, rows[i].password != NULL);
		if (user.has_password)
			assert_string_equal(user.password, rows[i].password);
	}
	assert_null(url_parse(&url, "https://a/@"));
	assert_false(url_is_nats(&url));
	assert_int_equal(url.user_len, 0);
}

static void
url_user__masked__known(void **state)
{
	static const struct {
		const char *text;
		bool is_masked;
	} rows[] = { { "***", true }, { "u:***", true }, { "u:****", false },
		{ "u:p***", false }, { "u:p:***", false }, { "u", false },
		{ "***:p", false } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(
		    url_user_is_masked(rows[i].text, strlen(rows[i].text)),
		    rows[i].is_masked);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(url__good__in_its_parts),
	cmocka_unit_test(url__bad__refused_with_the_reason),
	cmocka_unit_test(url__too_long__refused),
	cmocka_unit_test(url__long_host__up_to_the_limits_of_dns),
	cmocka_unit_test(url_user__of_nats__decoded),
	cmocka_unit_test(url_user__masked__known),
	cmocka_unit_test(url_address__any_spelling__its_address_and_port),
	cmocka_unit_test(url_address__a_name__none),
	cmocka_unit_test(url_host__any_url__the_host_and_nothing_else),
};

T_MAIN(tests)
