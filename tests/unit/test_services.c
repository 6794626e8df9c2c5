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

/* JSON text of a member, minified; the caller frees it. */
static char *
member_text(const struct cJSON *of, const char *name)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	json_write(&out, json_member(of, name));
	return out.data;
}

static void
check_finding(const struct cJSON *want, const struct finding *got)
{
	char *service = member_text(want, "service");
	char *key = member_text(want, "key");
	char *payload = member_text(want, "payload");
	struct buf quoted;

	buf_init(&quoted, 1 << 20);
	buf_json_string(
	    &quoted, got->derived->service, strlen(got->derived->service));
	assert_string_equal(quoted.data, service);
	buf_reset(&quoted);
	buf_json_string(&quoted, got->key.data, got->key.len);
	assert_string_equal(quoted.data, key);
	assert_string_equal(got->payload.data, payload);
	buf_free(&quoted);
	free(service);
	free(key);
	free(payload);
}

static void
check_findings(const struct fixture *fixture, const struct findings *got)
{
	const struct cJSON *want =
	    json_first(json_member(json_root(fixture->document), "derived"));
	int i = 0;

	for (; want != NULL; want = json_next(want), i++) {
		assert_true(i < got->n);
		check_finding(want, &got->list[i]);
	}
	assert_int_equal(i, got->n);
}

static void
check_accepted(const struct fixture *fixture, const struct service *service,
    const struct cJSON *body, const struct value *values)
{
	char *want = fixture_text(fixture, "normalized");
	struct findings findings;
	struct buf out;

	buf_init(&out, 1 << 20);
	validate_normalise(service, body, values, &out);
	assert_string_equal(out.data, want);
	buf_free(&out);
	rules_evaluate(service, values, &business, &findings);
	check_findings(fixture, &findings);
	findings_free(&findings);
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
