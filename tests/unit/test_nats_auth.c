/*
 * Real NATS servers that authenticate clients: by user and password, by a
 * token, by a creds file.
 */
#include "t.h"

#include <string.h>

#include "nats_servers.h"
#include "shell.h"
#include "stack.h"

/* --- user and password, token -------------------------------------------- */

static void
nats_auth__user_and_password__delivered(void **state)
{
	struct attempt a = auth_deliver(
	    "nats", "127.0.0.1", PLAIN, "city.a", "ann:p%40ss:%2Fw%252Ford");

	(void)state;
	auth_assert_delivered(&a);
}

static void
nats_auth__wrong_or_none__said_and_later_ones_arrive(void **state)
{
	static const struct {
		const char *credentials, *detail;
	} rows[] = {
		{ "ann:wrong", "refuses these credentials: Authorization" },
		{ "nobody:wrong", "refuses these credentials" },
		{ "token", "refuses these credentials" },
		{ NULL, "the server wants credentials: Authorization" },
	};
	struct attempt a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		a = auth_deliver(
		    "nats", "127.0.0.1", PLAIN, "city.a", rows[i].credentials);
		auth_assert_error(&a, ERROR_NATS, rows[i].detail);
		assert_null(strstr(a.detail, "wrong"));
	}
	a = auth_deliver(
	    "nats", "127.0.0.1", PLAIN, "city.b", "ann:p%40ss:%2Fw%252Ford");
	auth_assert_delivered(&a);
}

static void
nats_auth__token__delivered_and_a_wrong_one_refused(void **state)
{
	struct attempt a =
	    auth_deliver("nats", "127.0.0.1", TOKEN, "city.a", "t0k%3Aen");

	(void)state;
	auth_assert_delivered(&a);
	a = auth_deliver("nats", "127.0.0.1", TOKEN, "city.a", "other");
	auth_assert_error(&a, ERROR_NATS, "refuses these credentials");
	a = auth_deliver("nats", "127.0.0.1", TOKEN, "city.a", NULL);
	auth_assert_error(&a, ERROR_NATS, "wants credentials");
}

static void
nats_auth__two_users_of_one_server__each_by_its_own_connection(void **state)
{
	struct attempt a[4] = {
		auth_attempt("nats", "127.0.0.1", PLAIN, "city.two",
		    "ann:p%40ss:%2Fw%252Ford"),
		auth_attempt("nats", "127.0.0.1", PLAIN, "city.two", "bob:bob"),
		auth_attempt("nats", "127.0.0.1", PLAIN, "bobs.two", "bob:bob"),
		auth_attempt(
		    "nats", "127.0.0.1", PLAIN, "city.two", "ann:wrong"),
	};
	int i, all = 4;

	(void)state;
	for (i = 0; i < 4; i++)
		sink_nats.start(&a[i]);
	stack_wait(auth_all_done, &all, "the attempts are done");
	auth_assert_delivered(&a[0]);
	auth_assert_error(&a[1], ERROR_NATS,
	    "Permissions Violation for Publish to \"city.two\"");
	auth_assert_delivered(&a[2]);
	auth_assert_error(&a[3], ERROR_NATS, "refuses these credentials");
}

static void
nats_auth__user_who_cannot_hear_answers__told_so(void **state)
{
	struct attempt a;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		a = auth_deliver(
		    "nats", "127.0.0.1", PLAIN, "city.eve", "eve:eve");
		auth_assert_error(&a, ERROR_NATS,
		    "Permissions Violation for Subscription to \"_INBOX.");
	}
}

/* --- creds files -----------------------------------------------------------
 */

static void
nats_creds__for_this_host__delivered_and_never_shown_to_others(void **state)
{
	char setting[1024];
	struct attempt a;

	(void)state;
	snprintf(setting, sizeof(setting),
	    "other.example=%s, LOCALHOST=%s,[::1]:1=%s,",
	    auth_path("stranger.creds"), auth_path("user.creds"),
	    auth_path("stranger.creds"));
	auth_reopen("", setting);
	a = auth_deliver("nats", "localhost", JWT, "city.a", NULL);
	auth_assert_delivered(&a);
	a = auth_deliver("nats", "127.0.0.1", JWT, "city.a", NULL);
	auth_assert_error(&a, ERROR_NATS, "the server wants credentials");
	/* Credentials of the URL take precedence over the file. */
	a = auth_deliver("nats", "localhost", JWT, "city.a", "ann:ann");
	auth_assert_error(&a, ERROR_NATS, "refuses these credentials");
}

static void
nats_creds__for_one_port__not_for_others(void **state)
{
	char setting[1024];
	struct attempt a;

	(void)state;
	snprintf(setting, sizeof(setting), "localhost:1=%s",
	    auth_path("user.creds"));
	auth_reopen("", setting);
	a = auth_deliver("nats", "localhost", JWT, "city.a", NULL);
	auth_assert_error(&a, ERROR_NATS, "the server wants credentials");
	snprintf(setting, sizeof(setting), "localhost:1=%s,localhost:%d=%s",
	    auth_path("stranger.creds"), servers[JWT].port,
	    auth_path("user.creds"));
	auth_reopen("", setting);
	a = auth_deliver("nats", "localhost", JWT, "city.b", NULL);
	auth_assert_delivered(&a);
}

static void
nats_creds__of_a_stranger__refused_by_the_server(void **state)
{
	char setting[1024];
	struct attempt a;

	(void)state;
	snprintf(setting, sizeof(setting), "localhost=%s",
	    auth_path("stranger.creds"));
	auth_reopen("", setting);
	a = auth_deliver("nats", "localhost", JWT, "city.a", NULL);
	auth_assert_error(&a, ERROR_NATS, "refuses these credentials");
}

/* The file is deleted after the start. */
static void
nats_creds__file_gone__said(void **state)
{
	char setting[1024];
	struct attempt a;

	(void)state;
	shell_must("cp user.creds gone.creds");
	snprintf(
	    setting, sizeof(setting), "localhost=%s", auth_path("gone.creds"));
	auth_reopen("", setting);
	shell_must("rm gone.creds");
	a = auth_deliver("nats", "localhost", JWT, "city.gone", NULL);
	if (a.error == ERROR_NONE || strstr(a.detail, "gone.creds") == NULL)
		fail_msg("error %d: %s", (int)a.error, a.detail);
}

static const struct CMUnitTest tests[] = {
	TEST(nats_auth__user_and_password__delivered),
	TEST(nats_auth__wrong_or_none__said_and_later_ones_arrive),
	TEST(nats_auth__token__delivered_and_a_wrong_one_refused),
	TEST(nats_auth__two_users_of_one_server__each_by_its_own_connection),
	TEST(nats_auth__user_who_cannot_hear_answers__told_so),
	TEST(nats_creds__for_this_host__delivered_and_never_shown_to_others),
	TEST(nats_creds__for_one_port__not_for_others),
	TEST(nats_creds__of_a_stranger__refused_by_the_server),
	TEST(nats_creds__file_gone__said),
};

T_MAIN_WITH(tests, auth_open, auth_close)
