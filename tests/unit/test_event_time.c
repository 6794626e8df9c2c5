/* The time that a sender gives an event, compared with a clock. */
#include "t.h"

#include <stdbool.h>
#include <string.h>

#include "event_time.h"
#include "rfc3339.h"

static const char clock_text[] = "2026-11-23T10:00:00Z";

static int64_t
us_of(const char *text)
{
	int64_t us;

	assert_true(rfc3339_parse(text, &us));
	return us;
}

static void
event_time__up_to_5_minutes_ahead__fit(void **state)
{
	static const char *const fit[] = { "1970-01-01T00:00:00Z",
		"2026-11-23T09:59:59Z", "2026-11-23T10:00:00Z",
		"2026-11-23T10:04:59.999999Z", "2026-11-23T10:05:00Z",
		"2026-11-23T12:05:00+02:00" };
	struct faults faults;
	size_t i;

	(void)state;
	faults_init(&faults);
	for (i = 0; i < sizeof(fit) / sizeof(*fit); i++)
		assert_true(event_time_check(us_of(fit[i]), us_of(clock_text),
		    "query", "timestamp", &faults));
	assert_int_equal(faults.n, 0);
	faults_free(&faults);
}

static void
event_time__further_ahead__fault_with_both_times(void **state)
{
	static const char *const ahead[] = { "2026-11-23T10:05:00.000001Z",
		"2026-11-23T10:05:01Z", "9999-12-31T23:59:59Z" };
	struct faults faults;
	size_t i;

	(void)state;
	faults_init(&faults);
	for (i = 0; i < sizeof(ahead) / sizeof(*ahead); i++)
		assert_false(event_time_check(us_of(ahead[i]),
		    us_of(clock_text), "header", "ce-time", &faults));
	assert_int_equal(faults.n, 3);
	assert_memory_equal(faults.text.data,
	    J("{'type':'value_error','loc':['header','ce-time'],"),
	    strlen("{'type':'value_error','loc':['header','ce-time'],"));
	assert_non_null(strstr(faults.text.data,
	    "at most 5 minutes ahead of the server's clock, which shows "
	    "2026-11-23T10:00:00.000000Z"));
	assert_non_null(strstr(
	    faults.text.data, "\"input\":\"2026-11-23T10:05:00.000001Z\"}"));
	faults_free(&faults);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(event_time__up_to_5_minutes_ahead__fit),
	cmocka_unit_test(event_time__further_ahead__fault_with_both_times),
};

T_MAIN(tests)
