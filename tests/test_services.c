/* Every service against every one of its fixtures: schema and rules. */
#include "t.h"

#include <string.h>

#include "fixtures.h"
#include "rules.h"
#include "validate.h"

static const struct business business = {
	.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
};

static void
check_faults(const struct fixture *fixture, const struct faults *faults)
{
	const struct cJSON *want, *got;
	struct scan_error error;
	struct json *document;
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_printf(&text, "[%s]", faults->text.data);
	assert_int_equal(
	    json_parse(text.data, text.len, &document, &error), STATUS_OK);
	want = json_first(json_member(json_root(fixture->document), "faults"));
	got = json_first(json_root(document));
	for (; want != NULL; want = json_next(want), got = json_next(got)) {
		const struct cJSON *loc;

		assert_non_null(got);
		loc = json_first(json_member(got, "loc"));
		assert_string_equal(json_string(loc), "body");
		assert_string_equal(
		    json_string(json_next(loc)), json_string(json_first(want)));
		assert_string_equal(json_string(json_member(got, "type")),
		    json_string(json_next(json_first(want))));
		assert_non_null(json_member(got, "msg"));
		assert_non_null(json_member(got, "input"));
	}
	assert_null(got);
	json_free(document);
	buf_free(&text);
}

static void
check_member(
    const struct cJSON *want, const struct cJSON *got, const char *name)
{
	struct buf a, b;

	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	json_write(&a, json_member(want, name));
	json_write(&b, json_member(got, name));
	assert_string_equal(b.data, a.data);
	buf_free(&a);
	buf_free(&b);
}

static void
check_findings(const struct fixture *fixture, const char *findings)
{
	const struct cJSON *want, *got;
	struct scan_error error;
	struct json *document;

	assert_int_equal(
	    json_parse(findings, strlen(findings), &document, &error),
	    STATUS_OK);
	want = json_first(json_member(json_root(fixture->document), "derived"));
	got = json_first(json_root(document));
	for (; want != NULL; want = json_next(want), got = json_next(got)) {
		assert_non_null(got);
		check_member(want, got, "service");
		check_member(want, got, "key");
		check_member(want, got, "payload");
	}
	assert_null(got);
	json_free(document);
}

static void
check_accepted(const struct fixture *fixture, const struct service *service,
    const struct cJSON *body, const struct value *values)
{
	char *want = fixture_text(fixture, "normalized");
	struct buf out;

	buf_init(&out, 1 << 20);
	validate_normalise(service, body, values, &out);
	assert_string_equal(out.data, want);
	buf_reset(&out);
	rules_evaluate(service, values, &business, &out);
	check_findings(fixture, out.data);
	buf_free(&out);
	free(want);
}

static void
service__fixture__as_it_says(void **state)
{
	const struct fixture *fixture = *state;
	const struct service *service = service_find(fixture->service);
	const struct cJSON *body =
	    json_member(json_root(fixture->document), "body");
	struct value values[FIELDS_MAX];
	struct faults faults;

	assert_non_null(service);
	faults_init(&faults);
	validate(service, body, values, &faults);
	if (fixture->accepts) {
		assert_int_equal(faults.n, 0);
		check_accepted(fixture, service, body, values);
	} else {
		assert_int_not_equal(faults.n, 0);
		check_faults(fixture, &faults);
	}
	faults_free(&faults);
}

int
main(void)
{
	t_main();
	return fixtures_run(
	    "services", service__fixture__as_it_says, NULL, NULL);
}
