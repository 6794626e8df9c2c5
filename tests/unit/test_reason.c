/*
 * The reason that is logged when a connection failed.
 */
#include "t.h"

#include <string.h>

#include "reason.h"

#define SOCKET "connection to server on socket \"/s/.s.PGSQL.5432\" failed: "
#define TCP "connection to server at \"h\" (10.0.0.1), port 5432 failed: "

static void
assert_reason(const char *message, const char *sqlstate, const char *text)
{
	char state[SQLSTATE_LEN + 1], reason[REASON_LEN];

	reason_choose(message, state, reason);
	assert_string_equal(state, sqlstate);
	assert_string_equal(reason, text);
}

static void
reason__a_refusal__its_sqlstate_and_text(void **state)
{
	(void)state;
	assert_reason(SOCKET "FATAL:  53300: sorry, too many clients already\n"
			     "LOCATION:  InitProcess, proc.c:357\n",
	    "53300", SOCKET "FATAL:  sorry, too many clients already");
	/* A server whose messages are not in English. */
	assert_reason(TCP "SCHWERWIEGEND:  3D000: Datenbank »x« fehlt\n",
	    "3D000", TCP "SCHWERWIEGEND:  Datenbank »x« fehlt");
}

static void
reason__nobody_answered__the_first_line(void **state)
{
	(void)state;
	assert_reason(TCP "Connection refused\n"
			  "\tIs the server running on that host?\n",
	    "", TCP "Connection refused");
	assert_reason("", "", "");
	assert_reason("invalid sslmode value: \"x\"\n", "",
	    "invalid sslmode value: \"x\"");
}

static void
reason__several_tries__what_a_server_answered(void **state)
{
	(void)state;
	assert_reason(SOCKET "No such file or directory\n"
			     "\tIs the server running locally?\n" TCP
			     "FATAL:  53300: sorry, too many clients already\n"
			     "LOCATION:  InitProcess, proc.c:357\n",
	    "53300", TCP "FATAL:  sorry, too many clients already");
}

/* With TLS, the password is wrong; without TLS, the server refuses everyone. */
static void
reason__refused_without_tls_as_well__what_was_said_with_tls(void **state)
{
	(void)state;
	assert_reason(TCP
	    "FATAL:  28P01: password authentication failed\n" TCP
	    "FATAL:  28000: no pg_hba.conf entry, no encryption\n",
	    "28P01", TCP "FATAL:  password authentication failed");
	assert_reason(TCP "FATAL:  28000: no pg_hba.conf entry, SSL on\n" TCP
			  "FATAL:  28000: no pg_hba.conf entry, SSL off\n",
	    "28000", TCP "FATAL:  no pg_hba.conf entry, SSL on");
}

static void
reason__long_text__cut(void **state)
{
	char message[4 * REASON_LEN], sqlstate[SQLSTATE_LEN + 1],
	    reason[REASON_LEN];

	(void)state;
	memset(message, 'x', sizeof(message));
	message[sizeof(message) - 1] = '\0';
	memcpy(message + 20, "  53300: ", 9);
	reason_choose(message, sqlstate, reason);
	assert_string_equal(sqlstate, "53300");
	assert_int_equal(strlen(reason), REASON_LEN - 1);
}

static void
assert_hidden(const char *before, const char *value, const char *after)
{
	char reason[REASON_LEN];

	snprintf(reason, sizeof(reason), "%s", before);
	reason_hide(reason, value);
	assert_string_equal(reason, after);
}

static void
reason__a_quoted_value__hidden(void **state)
{
	(void)state;
	assert_hidden("invalid sslmode value: \"geheim\"", "geheim",
	    "invalid sslmode value: \"***\"");
	assert_hidden(J("'a' and 'a'"), "a", J("'***' and '***'"));
	assert_hidden("\"geheimer\" geheim", "geheim", "\"geheimer\" geheim");
	assert_hidden("no quotes", "", "no quotes");
	assert_hidden("an empty one: \"\"", "", "an empty one: \"\"");
	assert_hidden("open: \"gehei", "geheim", "open: \"gehei");
	assert_hidden("\"ge\"heim\"", "ge\"heim", "\"***\"");
}

static void
reason__hidden_text_is_longer__still_within_its_room(void **state)
{
	char reason[REASON_LEN];
	int i;

	(void)state;
	for (i = 0; i + 4 < REASON_LEN; i += 4)
		memcpy(reason + i, "\"a\" ", 5);
	reason_hide(reason, "a");
	assert_true(strlen(reason) < REASON_LEN);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(reason__a_refusal__its_sqlstate_and_text),
	cmocka_unit_test(reason__nobody_answered__the_first_line),
	cmocka_unit_test(reason__several_tries__what_a_server_answered),
	cmocka_unit_test(
	    reason__refused_without_tls_as_well__what_was_said_with_tls),
	cmocka_unit_test(reason__long_text__cut),
	cmocka_unit_test(reason__a_quoted_value__hidden),
	cmocka_unit_test(reason__hidden_text_is_longer__still_within_its_room),
};

T_MAIN(tests)
