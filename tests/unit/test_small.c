/* The small pure modules: ids, times, back-off, parameters, problems. */
#include "t.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "id.h"
#include "params.h"
#include "problem.h"
#include "rfc3339.h"

static void
id__made_in_a_row__strictly_ascending(void **state)
{
	struct id last = id_new(), next;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		next = id_new();
		assert_true(strcmp(last.text, next.text) < 0);
		last = next;
	}
}

static void
id__made_now__version_7_with_the_time_in_it(void **state)
{
	int64_t before = clock_wall_us() / 1000;
	struct id id = id_new(), floor;
	int64_t after = clock_wall_us() / 1000;

	(void)state;
	assert_in_range(id_ms(&id), before, after);
	assert_int_equal(id.text[14], '7');
	assert_non_null(strchr("89ab", id.text[19]));
	floor = id_floor(id_ms(&id));
	assert_true(strcmp(floor.text, id.text) < 0);
	floor = id_floor(id_ms(&id) + 1);
	assert_true(strcmp(floor.text, id.text) > 0);
	/* Outside of the time that an id can have. */
	floor = id_floor(-1);
	assert_string_equal(floor.text, id_floor(0).text);
	floor = id_floor(INT64_C(1) << 48);
	assert_string_equal(floor.text, ID_LAST);
}

static void
id__bytes_and_back__the_same(void **state)
{
	struct id id = id_new(), again = id_new();
	unsigned char bytes[ID_BYTES];

	(void)state;
	assert_ptr_equal(id_least(&again, &id), &id);
	assert_ptr_equal(id_greatest(&again, &id), &again);
	id_bytes(&id, bytes);
	again = id_of_bytes(bytes);
	assert_string_equal(again.text, id.text);
}

/* The random part of an id: its last 16 digits, and a hyphen. */
enum {
	RANDOM_AT = 19,
	MADE = 100 /* ids of each process, more than are drawn for at once */
};

static void
make_ids(struct id ids[MADE])
{
	int i;

	for (i = 0; i < MADE; i++)
		ids[i] = id_new();
}

/* Forks a process that makes ids; reads them. */
static void
make_ids_in_child(struct id ids[MADE])
{
	const ssize_t size = MADE * sizeof(*ids);
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		make_ids(ids);
		_exit(write(ends[1], ids, (size_t)size) != size);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(ends[0], ids, (size_t)size), size);
	close(ends[0]);
	close(ends[1]);
}

static void
id__made_by_parent_and_children__random_parts_differ(void **state)
{
	struct id ids[3][MADE], before = id_new();
	const char *all[3 * MADE];
	int i, k;

	(void)state;
	assert_int_equal(strlen(before.text), ID_LEN);
	make_ids_in_child(ids[0]);
	make_ids_in_child(ids[1]);
	make_ids(ids[2]);
	for (i = 0; i < 3 * MADE; i++) {
		all[i] = ids[i / MADE][i % MADE].text + RANDOM_AT;
		for (k = 0; k < i; k++)
			assert_string_not_equal(all[i], all[k]);
	}
}

static void
id__made__every_random_bit_takes_both_values(void **state)
{
	unsigned char bytes[ID_BYTES], ones[8] = { 0 }, zeros[8] = { 0 };
	struct id id;
	int i, k;

	(void)state;
	for (i = 0; i < 1000; i++) {
		id = id_new();
		id_bytes(&id, bytes);
		for (k = 0; k < 8; k++) {
			ones[k] |= bytes[8 + k];
			zeros[k] |= (unsigned char)~bytes[8 + k];
		}
	}
	/* The two bits of the variant are 1 and 0. */
	assert_int_equal(ones[0], 0xbf);
	assert_int_equal(zeros[0], 0x7f);
	for (k = 1; k < 8; k++) {
		assert_int_equal(ones[k], 0xff);
		assert_int_equal(zeros[k], 0xff);
	}
}

static void
id__parsed__lower_case_or_refused(void **state)
{
	static const char *const refused[] = { "", "x",
		"0197c1d0-0000-7000-8000-00000000000",
		"0197c1d0-0000-7000-8000-0000000000000",
		"{0197c1d0-0000-7000-8000-000000000000}",
		"0197c1d000007000800000000000000000000",
		"0197c1d0-0000-7000-8000-00000000000g" };
	struct id id;
	size_t i;

	(void)state;
	assert_true(id_parse("0197C1D0-0000-7000-8000-00000000000A", &id));
	assert_string_equal(id.text, "0197c1d0-0000-7000-8000-00000000000a");
	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_false(id_parse(refused[i], &id));
}

static void
rfc3339__good__its_moment(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-23T10:00:00Z", 1795428000000000 },
		{ "2026-11-23t10:00:00.5z", 1795428000500000 },
		{ "2026-11-23 12:00:00+02:00", 1795428000000000 },
		{ "2026-11-23T12:00:00 02:00", 1795428000000000 },
		{ "2026-11-23T04:30:00-05:30", 1795428000000000 },
		{ "2024-02-29T23:59:59.999999Z", 1709251199999999 },
		{ "2026-11-23T10:00:00.0000001Z", 1795428000000001 },
	};
	int64_t us;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(rfc3339_parse(rows[i].text, &us));
		assert_int_equal(us, rows[i].us);
	}
}

static void
rfc3339__bad__refused(void **state)
{
	static const char *const rows[] = { "", "now", "infinity", "epoch",
		"2026-11-23", "2026-11-23T10:00:00", "2026-11-23T10:00Z",
		"2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
		"2026-11-23T24:00:00Z", "2026-11-23T10:00:60Z",
		"2026-11-23T10:00:00.Z", "2026-11-23T10:00:00Zx",
		"2026-11-23T10:00:00+2:00", "2026-11-23T10:00:00+24:00",
		"10000-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+01:00", "2026-11-23X10:00:00Z" };
	int64_t us;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_false(rfc3339_parse(rows[i], &us));
}

static void
rfc3339__formatted__reads_back(void **state)
{
	char text[RFC3339_LEN + 1];
	int64_t us;

	(void)state;
	rfc3339_format(1795428000000042, text);
	assert_string_equal(text, "2026-11-23T10:00:00.000042Z");
	assert_true(rfc3339_parse(text, &us));
	assert_int_equal(us, 1795428000000042);
}

static void
backoff__failures__doubles_up_to_its_end(void **state)
{
	static const struct backoff b = { 50, 2000, 0 };

	(void)state;
	assert_int_equal(backoff_ms(&b, 0, 7), 0);
	assert_int_equal(backoff_ms(&b, 1, 7), 50);
	assert_int_equal(backoff_ms(&b, 2, 7), 100);
	assert_int_equal(backoff_ms(&b, 6, 7), 1600);
	assert_int_equal(backoff_ms(&b, 7, 7), 2000);
	assert_int_equal(backoff_ms(&b, 1000000, 7), 2000);
}

static void
backoff__any_random__within_its_spread(void **state)
{
	static const struct backoff b = { 1000, 1000, 20 };
	uint32_t random;

	(void)state;
	for (random = 0; random < 1000; random++)
		assert_in_range(backoff_ms(&b, 1, random), 800, 1200);
	assert_int_equal(backoff_ms(&b, 1, 0), 800);
	assert_int_equal(backoff_ms(&b, 1, 400), 1200);
}

static void
params__decoded__after_the_split(void **state)
{
	struct params p;

	(void)state;
	assert_null(params_parse(&p, "a=1&b=x%26y%3Dz&c=a+b&&d&a=2&=e"));
	assert_string_equal(params_get(&p, "a"), "2");
	assert_string_equal(params_get(&p, "b"), "x&y=z");
	assert_string_equal(params_get(&p, "c"), "a b");
	assert_string_equal(params_get(&p, "d"), "");
	assert_null(params_get(&p, "e"));
}

static void
params__malformed__refused_with_a_reason(void **state)
{
	static const char *const rows[] = { "a=%", "a=%4", "a=%zz", "a=%00",
		"a=%ff", "%c3=1", "a=%ed%a0%80" };
	char query[PARAMS_TEXT_MAX + 10];
	struct params p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_non_null(params_parse(&p, rows[i]));
	memset(query, 'a', sizeof(query));
	query[sizeof(query) - 1] = '\0';
	assert_non_null(params_parse(&p, query));
	for (i = 0; i < 40; i++)
		memcpy(query + 2 * i, "a&", 2);
	query[80] = '\0';
	assert_non_null(params_parse(&p, query));
}

static void
params__numbers__checked(void **state)
{
	static const struct {
		const char *query;
		long long want;
		int faults;
	} rows[] = {
		{ "n=5", 5, 0 },
		{ "n=%2B5", 5, 0 },
		{ "x=5", 7, 0 },
		{ "n=0", 0, 1 },
		{ "n=-1", -1, 1 },
		{ "n=", 7, 1 },
		{ "n=5.0", 7, 1 },
		{ "n=0x5", 7, 1 },
		{ "n=99999999999999999999", INT64_MAX, 1 },
	};
	struct faults faults;
	struct params p;
	long long n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		faults_init(&faults);
		n = 7;
		assert_null(params_parse(&p, rows[i].query));
		params_int(&p, "n", 1, &n, &faults);
		assert_int_equal(n, rows[i].want);
		assert_int_equal(faults.n, rows[i].faults);
		faults_free(&faults);
	}
}

static const char *
problem(const char *accept, struct response *res)
{
	struct request req = { .accept = accept };

	buf_init(&res->headers, 1024);
	buf_init(&res->body, 1024);
	problem_write(&req, res, 503, "a \"%s\"", "b");
	return res->body.data;
}

static void
problem__plain__detail_and_retry_after(void **state)
{
	struct response res;

	(void)state;
	assert_string_equal(
	    problem("*/*", &res), "{\"detail\":\"a \\\"b\\\"\"}");
	assert_int_equal(res.status, 503);
	assert_string_equal(res.content_type, "application/json");
	assert_string_equal(res.headers.data, "Retry-After: 1\r\n");
	buf_free(&res.body);
	buf_free(&res.headers);
}

static void
problem__asked_for__rfc9457(void **state)
{
	struct response res;

	(void)state;
	assert_string_equal(problem("application/problem+json", &res),
	    "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\","
	    "\"status\":503,\"detail\":\"a \\\"b\\\"\"}");
	assert_string_equal(res.content_type, "application/problem+json");
	buf_free(&res.body);
	buf_free(&res.headers);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(id__made_now__version_7_with_the_time_in_it),
	cmocka_unit_test(id__bytes_and_back__the_same),
	/* Makes ids faster than 4,096 a millisecond, so they lead the clock. */
	cmocka_unit_test(id__made_in_a_row__strictly_ascending),
	cmocka_unit_test(id__made_by_parent_and_children__random_parts_differ),
	cmocka_unit_test(id__made__every_random_bit_takes_both_values),
	cmocka_unit_test(id__parsed__lower_case_or_refused),
	cmocka_unit_test(rfc3339__good__its_moment),
	cmocka_unit_test(rfc3339__bad__refused),
	cmocka_unit_test(rfc3339__formatted__reads_back),
	cmocka_unit_test(backoff__failures__doubles_up_to_its_end),
	cmocka_unit_test(backoff__any_random__within_its_spread),
	cmocka_unit_test(params__decoded__after_the_split),
	cmocka_unit_test(params__malformed__refused_with_a_reason),
	cmocka_unit_test(params__numbers__checked),
	cmocka_unit_test(problem__plain__detail_and_retry_after),
	cmocka_unit_test(problem__asked_for__rfc9457),
};

T_MAIN(tests)
