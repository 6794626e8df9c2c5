/*
 * NATS servers with certificates, and settings that name wrong files.
 */
#include "t.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "nats_servers.h"
#include "stack.h"

/* --- TLS ------------------------------------------------------------------ */

static void
nats_tls__our_ca__delivered_by_name_and_by_address(void **state)
{
	struct attempt a;

	(void)state;
	auth_reopen(auth_path("ca.pem"), "");
	a = auth_deliver("tls", "localhost", TLS, "city.name", "ann:ann");
	auth_assert_delivered(&a);
	assert_string_equal(a.address, "127.0.0.1");
	a = auth_deliver("tls", "127.0.0.2", TLS, "city.address", "ann:ann");
	auth_assert_delivered(&a);
	/* With nats:// it is the server that demands TLS. */
	a = auth_deliver("nats", "localhost", TLS, "city.plain", "ann:ann");
	auth_assert_delivered(&a);
	a = auth_deliver("tls", "localhost", TLS, "city.wrong", "ann:wrong");
	auth_assert_error(&a, ERROR_NATS, "refuses these credentials");
}

static void
nats_tls__certificate_not_to_be_trusted__never_delivered(void **state)
{
	static const struct {
		const char *ca, *host, *detail;
	} rows[] = {
		{ "ca.pem", "127.0.0.1", "mismatch" },
		{ "ca.pem", "127.0.0.3", "mismatch" },
		{ "other-ca.pem", "localhost", "unable to get local issuer" },
		{ "", "localhost", "unable to get local issuer" },
	};
	struct attempt a;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auth_reopen(
		    rows[i].ca[0] != '\0' ? auth_path(rows[i].ca) : "", "");
		for (k = 0; k < 2; k++) {
			a = auth_deliver(k ? "tls" : "nats", rows[i].host, TLS,
			    "city.untrusted", "ann:ann");
			auth_assert_error(&a, ERROR_TLS, rows[i].detail);
		}
	}
}

static void
nats_tls__server_without__refused_before_the_password(void **state)
{
	struct attempt a = auth_deliver(
	    "tls", "127.0.0.1", PLAIN, "city.a", "ann:p%40ss:%2Fw%252Ford");

	(void)state;
	auth_assert_error(&a, ERROR_TLS, "the server has no TLS");
}

static void
nats_tls__forbidden_address__never_connected_to(void **state)
{
	struct attempt a;
	char error[256];

	(void)state;
	sink_nats.close();
	assert_int_equal(
	    auth_open_with("", auth_path("ca.pem"), "", error), STATUS_OK);
	a = auth_deliver("tls", "localhost", TLS, "city.a", "ann:ann");
	auth_assert_error(&a, ERROR_FORBIDDEN, "loopback");
	assert_string_equal(a.address, "");
}

/* Plays a server that asks for TLS and then sends nothing more. */
static void *
be_silent(void *arg)
{
	static const char info[] =
	    "INFO {\"server_id\":\"x\",\"version\":\"2.9.0\",\"proto\":1,"
	    "\"headers\":true,\"tls_required\":true,\"max_payload\":1048576}"
	    "\r\n";
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);
	char byte;

	if (write(fd, info, sizeof(info) - 1) == (ssize_t)sizeof(info) - 1)
		while (read(fd, &byte, 1) > 0)
			;
	close(fd);
	return NULL;
}

static void
nats_tls__silent_in_the_handshake__ends_in_time_and_does_not_hang(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), n = 1;
	char url[64];
	struct attempt a;
	pthread_t thread;
	int64_t began;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	pthread_create(&thread, NULL, be_silent, &fd);
	snprintf(
	    url, sizeof(url), "tls://127.0.0.1:%d/city.a", ntohs(at.sin_port));
	a = auth_attempt("tls", "x", TLS, "x", "ann:ann");
	a.url = url;
	a.timeout_ms = SHORT_MS;
	began = clock_steady_ms();
	sink_nats.start(&a);
	stack_wait(auth_all_done, &n, "the attempt is done");
	auth_assert_error(&a, ERROR_TIMEOUT, "");
	/* Joins the connection's thread, which must not hang for ever. */
	sink_nats.close();
	assert_true(clock_steady_ms() - began < TIMEOUT_MS);
	pthread_join(thread, NULL);
	close(fd);
	auth_reopen("", "");
}

/* --- creds files -----------------------------------------------------------
 */

static void
nats_files__wrong_setting__refused_with_the_reason(void **state)
{
	static const struct {
		const char *ca, *creds, *reason;
	} rows[] = {
		{ "/nonexistent", "",
		    "SMARTCITY_NATS_CA: cannot read /nonexistent: No such" },
		{ "/dev/null", "", "holds no \"-----BEGIN CERTIFICATE\"" },
		{ "", "a=/nonexistent",
		    "SMARTCITY_NATS_CREDS: cannot read /nonexistent: No such" },
		{ "", "a=/dev/null", "holds no \"-----BEGIN NATS USER JWT\"" },
		{ "", "/etc/nats.creds", "\"/etc/nats.creds\" is not" },
		{ "", "a=", "\"a=\" is not of the form host=path" },
		{ "", "=b", "\"=b\" is not" },
		{ "", "a:0=b", "\"a:0=b\" is not" },
		{ "", "u:p@a=b", "is not of the form" },
		{ "", "nats://a=b", "is not of the form" },
		{ "", "a b=c", "is not of the form" },
	};
	char error[256];
	size_t i;

	(void)state;
	sink_nats.close();
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    auth_open_with("", rows[i].ca, rows[i].creds, error),
		    STATUS_REJECT);
		if (strstr(error, rows[i].reason) == NULL)
			fail_msg("%s", error);
	}
	auth_reopen("", "");
}

static const struct CMUnitTest tests[] = {
	TEST(nats_tls__our_ca__delivered_by_name_and_by_address),
	TEST(nats_tls__certificate_not_to_be_trusted__never_delivered),
	TEST(nats_tls__server_without__refused_before_the_password),
	TEST(nats_tls__forbidden_address__never_connected_to),
	TEST(nats_tls__silent_in_the_handshake__ends_in_time_and_does_not_hang),
	TEST(nats_files__wrong_setting__refused_with_the_reason),
};

T_MAIN_WITH(tests, auth_open, auth_close)
