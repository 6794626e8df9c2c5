/* CloudEvents in JSON: what is read, and every fault that is found. */
#include "t.h"

#include <string.h>

#include "unwrap.h"
#include "event.h"
#include "json.h"
#include "rfc3339.h"

#define REQUIRED "'specversion':'1.0','id':'1','source':'/s','type':'t'"
#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define MISSING(name)                                                          \
	"{'type':'missing','loc':['body','" name "'],'msg':'Field required'"

struct reading {
	struct json *document;
	struct unwrapped event;
	struct faults faults;
	enum status status;
};

static struct reading
read_json(const char *text)
{
	struct scan_error error;
	struct reading r;

	assert_int_equal(
	    json_parse(text, strlen(text), &r.document, &error), STATUS_OK);
	faults_init(&r.faults);
	r.status = unwrap_json(&r.event, json_root(r.document), &r.faults);
	return r;
}

static void
end(struct reading *r)
{
	unwrap_free(&r->event);
	faults_free(&r->faults);
	json_free(r->document);
}

static struct reading
read_good(const char *text)
{
	struct reading r = read_json(J(text));

	if (r.status != STATUS_OK)
		fail_msg("%s: %s", text, r.faults.text.data);
	assert_int_equal(r.faults.n, 0);
	assert_true(event_key_is_fit(r.event.key.data));
	return r;
}

/* Expects these n faults; `part` is in their text. */
static void
expect_faults(const char *text, int n, const char *part)
{
	struct reading r = read_json(J(text));

	assert_int_equal(r.status, STATUS_REJECT);
	if (r.faults.n != n || strstr(r.faults.text.data, J(part)) == NULL)
		fail_msg("%s: %s", text, r.faults.text.data);
	end(&r);
}

static void
assert_data(const struct reading *r, const char *want)
{
	struct buf text;

	buf_init(&text, 4096);
	json_write(&text, r->event.data);
	assert_string_equal(text.data, J(want));
	buf_free(&text);
}

/* The example of section 3.2 of the JSON format with an object as its data. */
static void
unwrap__example_with_object_data__read(void **state)
{
	struct reading r = read_good(
	    "{'specversion':'1.0','type':'com.example.someevent',"
	    "'source':'/mycontext','subject':null,'id':'C234-1234-1234',"
	    "'time':'2018-04-05T17:31:00Z','comexampleextension1':'value',"
	    "'comexampleothervalue':5,'datacontenttype':'application/json',"
	    "'data':{'appinfoA':'abc','appinfoB':123,'appinfoC':true}}");
	int64_t us;

	(void)state;
	assert_data(&r, "{'appinfoA':'abc','appinfoB':123,'appinfoC':true}");
	assert_string_equal(r.event.key.data, "/mycontext C234-1234-1234");
	assert_true(rfc3339_parse("2018-04-05T17:31:00Z", &us));
	assert_int_equal(r.event.time_us, us);
	assert_string_equal(r.event.traceparent, "");
	end(&r);
}

/* The specification's other examples, whose data is no JSON object. */
static void
unwrap__examples_with_other_data__say_which(void **state)
{
	static const char base64[] =
	    "{'specversion':'1.0','type':'com.example.someevent',"
	    "'source':'/mycontext','id':'A234-1234-1234',"
	    "'time':'2018-04-05T17:31:00Z','comexampleextension1':'value',"
	    "'comexampleothervalue':5,"
	    "'datacontenttype':'application/vnd.apache.thrift.binary',"
	    "'data_base64':'... base64 encoded string ...'}";
	static const char xml[] =
	    "{'specversion':'1.0','type':'com.example.someevent',"
	    "'source':'/mycontext','id':'B234-1234-1234',"
	    "'time':'2018-04-05T17:31:00Z','unsetextension':null,"
	    "'datacontenttype':'application/xml','data':'<much wow/>'}";

	(void)state;
	expect_faults(base64, 2, "'loc':['body','datacontenttype']");
	expect_faults(base64, 2,
	    "{'type':'value_error','loc':['body','data_base64'],"
	    "'msg':'Binary data cannot be taken: send data, a JSON object',"
	    "'input':'... base64 encoded string ...'}");
	expect_faults(xml, 2,
	    "{'type':'value_error','loc':['body','datacontenttype'],"
	    "'msg':'Input should be application/json, or a type that ends in "
	    "+json','input':'application/xml'}");
	expect_faults(xml, 2,
	    "{'type':'dict_type','loc':['body','data'],'msg':'Input should be "
	    "a valid dictionary','input':'<much wow/>'}");
	expect_faults("{" REQUIRED ",'data':1.5}", 1, "'input':1.5");
	expect_faults("{" REQUIRED ",'data':'I am just a string'}", 1,
	    "'loc':['body','data']");
	expect_faults("{" REQUIRED ",'data_base64':'eyAieHl6IjogMTIzIH0='}", 1,
	    "'loc':['body','data_base64']");
	expect_faults("{" REQUIRED ",'data':[],'data_base64':''}", 2,
	    "'loc':['body','data']");
	expect_faults("{" REQUIRED ",'data':{},'data_base64':''}", 1,
	    "'loc':['body','data_base64']");
	expect_faults("{" REQUIRED ",'data':null}", 1, MISSING("data"));
	expect_faults("{" REQUIRED "}", 1, MISSING("data"));
}

static void
unwrap__nothing_but_what_is_required__read(void **state)
{
	struct reading r = read_good("{" REQUIRED ",'data':{}}");

	(void)state;
	assert_string_equal(r.event.key.data, "/s 1");
	assert_int_equal(r.event.time_us, -1);
	assert_string_equal(r.event.traceparent, "");
	end(&r);
	/* A member that is null counts as absent. */
	r = read_good("{" REQUIRED ",'data':{},'data_base64':null,'time':null,"
		      "'datacontenttype':null,'traceparent':null}");
	assert_int_equal(r.event.time_us, -1);
	end(&r);
}

static void
unwrap__nothing_at_all__every_fault(void **state)
{
	static const char *const names[] = { "specversion", "id", "source",
		"type", "data" };
	char part[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(
		    part, sizeof(part), MISSING("%s") ",'input':{}}", names[i]);
		expect_faults("{}", 5, part);
	}
	expect_faults("{'specversion':null,'id':null,'source':null,"
		      "'type':null,'data':null}",
	    5, MISSING("id"));
	/* Names are as the specification spells them. */
	expect_faults("{'SpecVersion':'1.0','ID':'1','Source':'/s',"
		      "'Type':'t','Data':{}}",
	    5, MISSING("id"));
}

static void
unwrap__no_object__said_so(void **state)
{
	(void)state;
	expect_faults("[1]", 1,
	    "{'type':'dict_type','loc':['body'],"
	    "'msg':'Input should be a valid dictionary','input':[1]}");
	expect_faults("null", 1, "'loc':['body']");
}

#define WITH(member) "{" member ",'data':{}}"
#define ID(value)                                                              \
	WITH("'specversion':'1.0','id':" value ",'source':'/','type':'t'")
#define SOURCE(value)                                                          \
	WITH("'specversion':'1.0','id':'1','source':" value ",'type':'t'")
#define TYPE(value)                                                            \
	WITH("'specversion':'1.0','id':'1','source':'/','type':" value)
#define VERSION(value)                                                         \
	WITH("'specversion':" value ",'id':'1','source':'/','type':'t'")
#define ALSO(member) WITH(REQUIRED "," member)

static void
unwrap__attribute_that_is_not_fit__its_fault(void **state)
{
	static const struct {
		const char *text, *type, *name;
	} rows[] = {
		{ VERSION("'0.3'"), "literal_error", "specversion" },
		{ VERSION("'1'"), "literal_error", "specversion" },
		{ VERSION("'1.0 '"), "literal_error", "specversion" },
		{ VERSION("'1.1'"), "literal_error", "specversion" },
		{ VERSION("''"), "literal_error", "specversion" },
		{ VERSION("1.0"), "string_type", "specversion" },
		{ ID("''"), "string_too_short", "id" },
		{ ID("1"), "string_type", "id" },
		{ ID("{}"), "string_type", "id" },
		{ ID("'a\\u0007'"), "value_error", "id" },
		{ ID("'a\\u007f'"), "value_error", "id" },
		{ ID("'a\\n'"), "value_error", "id" },
		{ SOURCE("''"), "string_too_short", "source" },
		{ SOURCE("false"), "string_type", "source" },
		{ SOURCE("'/a b'"), "value_error", "source" },
		{ SOURCE("' '"), "value_error", "source" },
		{ SOURCE("'/a\\tb'"), "value_error", "source" },
		{ TYPE("''"), "string_too_short", "type" },
		{ TYPE("[]"), "string_type", "type" },
		{ TYPE("'t\\u0001'"), "value_error", "type" },
		{ ALSO("'time':'today'"), "datetime_parsing", "time" },
		{ ALSO("'time':'2018-04-05'"), "datetime_parsing", "time" },
		{ ALSO("'time':'2018-04-05T17:31:00'"), "datetime_parsing",
		    "time" },
		{ ALSO("'time':''"), "datetime_parsing", "time" },
		{ ALSO("'time':1522949460"), "string_type", "time" },
		{ ALSO("'datacontenttype':''"), "string_too_short",
		    "datacontenttype" },
		{ ALSO("'datacontenttype':'text/json'"), "value_error",
		    "datacontenttype" },
		{ ALSO("'datacontenttype':5"), "string_type",
		    "datacontenttype" },
	};
	char part[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(part, sizeof(part),
		    "{'type':'%s','loc':['body','%s'],'msg':'", rows[i].type,
		    rows[i].name);
		expect_faults(rows[i].text, 1, part);
	}
}

static void
unwrap__attributes_in_other_spellings__read(void **state)
{
	static const char *const rows[] = {
		ALSO("'datacontenttype':'application/json; charset=utf-8'"),
		ALSO("'datacontenttype':'Application/JSON'"),
		ALSO("'datacontenttype':'application/vnd.city+json;v=1'"),
		ALSO("'time':'2018-04-05T19:31:00.123456789+02:00'"),
		ALSO("'subject':'x','dataschema':'y','a':{},'time':null"),
		SOURCE("'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66'"),
		SOURCE("'mailto:cncf-wg-serverless@lists.cncf.io'"),
		SOURCE("'1-555-123-4567'"),
		ID("'a b'"),
		ID("'\\u20ac \\ud83d\\ude00'"),
	};
	struct reading r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		r = read_good(rows[i]);
		end(&r);
	}
}

static void
unwrap__traceparent__taken_if_it_is_well_formed(void **state)
{
	static const char *const bad[] = { "''", "5", "{}", "'00-0'",
		"'00-00000000000000000000000000000000-b7ad6b7169203331-01'" };
	struct reading r = read_good(ALSO("'traceparent':'" TRACE "'"));
	char text[256];
	size_t i;

	(void)state;
	assert_string_equal(r.event.traceparent, TRACE);
	end(&r);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), ALSO("'traceparent':%s"), bad[i]);
		r = read_good(text);
		assert_string_equal(r.event.traceparent, "");
		end(&r);
	}
}

/* Reads an event whose id is `text` n times, then `last`. */
static struct reading
read_id(const char *text, int n, const char *last)
{
	struct reading r;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_puts(&b,
	    J("{'specversion':'1.0','source':'/s','type':'t',"
	      "'data':{},'id':'"));
	while (n-- > 0)
		buf_puts(&b, text);
	buf_printf(&b, "%s\"}", last);
	r = read_json(b.data);
	buf_free(&b);
	assert_int_equal(r.status, STATUS_OK);
	assert_true(event_key_is_fit(r.event.key.data));
	return r;
}

static void
unwrap__long_id__key_is_shortened_but_its_own(void **state)
{
	struct reading fit = read_id("x", KEY_MAX - 4, "y"), a, b, c;

	(void)state;
	assert_int_equal(fit.event.key.len, KEY_MAX);
	assert_string_equal(fit.event.key.data + KEY_MAX - 2, "xy");
	a = read_id("x", KEY_MAX - 3, "a");
	b = read_id("x", KEY_MAX - 3, "b");
	c = read_id("x", KEY_MAX - 3, "a");
	assert_int_equal(a.event.key.len, KEY_MAX);
	assert_memory_equal(a.event.key.data, "/s xxx", 6);
	assert_string_not_equal(a.event.key.data, b.event.key.data);
	assert_string_equal(a.event.key.data, c.event.key.data);
	end(&fit);
	end(&a);
	end(&b);
	end(&c);
	/* Cut between two characters. */
	a = read_id("\xe2\x82\xac", 100000, "");
	assert_in_range(a.event.key.len, KEY_MAX - 2, KEY_MAX);
	end(&a);
}

static void
unwrap__several_read__faults_are_added(void **state)
{
	struct reading r = read_json("{}");
	struct unwrapped other;

	(void)state;
	assert_int_equal(unwrap_json(&other, json_root(r.document), &r.faults),
	    STATUS_REJECT);
	assert_int_equal(r.faults.n, 10);
	unwrap_free(&other);
	end(&r);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(unwrap__example_with_object_data__read),
	cmocka_unit_test(unwrap__examples_with_other_data__say_which),
	cmocka_unit_test(unwrap__nothing_but_what_is_required__read),
	cmocka_unit_test(unwrap__nothing_at_all__every_fault),
	cmocka_unit_test(unwrap__no_object__said_so),
	cmocka_unit_test(unwrap__attribute_that_is_not_fit__its_fault),
	cmocka_unit_test(unwrap__attributes_in_other_spellings__read),
	cmocka_unit_test(unwrap__traceparent__taken_if_it_is_well_formed),
	cmocka_unit_test(unwrap__long_id__key_is_shortened_but_its_own),
	cmocka_unit_test(unwrap__several_read__faults_are_added),
};

T_MAIN(tests)
