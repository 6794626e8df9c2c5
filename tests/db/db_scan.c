/*
 * The scanner against PostgreSQL's jsonb, over texts made from a seed: whatever
 * we accept, jsonb reads as the same value; whatever jsonb accepts and we do
 * not, we refuse on purpose.
 */
#include "t.h"

#include <libpq-fe.h>
#include <string.h>

#include "json.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum {
	BATCHES = 20,
	BATCH = 1000,
	MAX_TEXT = 4096
};

static const uint64_t seed = 20260607;
static uint64_t random_state;

static const char *const names[] = { "a", "b", "c", "d", "A", "", "\\u0061",
	"\\u0062", "\\u00e9", "\xc3\xa9", "\\n", "id", "location", "x y",
	"\xf0\x9f\x98\x80", "\\ud83d\\ude00", "\\\"", "k1", "k2", "k3" };
static const char *const strings[] = { "", "x", "emergency", "\\u0000",
	"\\ud83d\\ude00", "\\ud83d", "\\ude00", "\\\\u0000", "\\/\\b\\f\\t",
	"\x7f", "\xe2\x82\xac", "\xf4\x8f\xbf\xbf", "\xef\xbf\xbf", "\\uFFFF",
	"a \\\" b", "0", "\\u000a" };
static const char *const numbers[] = { "0", "-0", "1", "42", "-7", "1.50",
	"0.30000000000000004", "9223372036854775807", "1e2", "1E+2", "2e-3",
	"-0.0", "1e307", "1e308", "1e309", "1e-307", "1e-308", "5e-324", "0e5",
	"0e-400", "0e400", "1e400", "1e-400", "1e131071", "1e131072",
	"1e-16383", "0e-16383", "0e99999", "123456789012345678901234567890",
	"1e0000002", "2.2250738585072011e-308", "4.9e-324", "2.47e-324",
	"0e-323" };
static const char *const tokens[] = { "{", "}", "[", "]", ",", ":", "\"", "\\",
	"\\u", "\\ud800", "\\udc00", "true", "false", "null", "-", "+", ".",
	"e", "E", "0", "1", "00", "e9", "e-999", " ", "\n", "\t", "\x0b",
	"\x1f", "\x7f", "\xc3", "\xa9", "\xc0\x80", "\xed\xa0\x80",
	"\xf4\x90\x80\x80", "\xef\xbb\xbf", "\xc2\xa0", "/**/", "//", "'",
	"NaN", "Infinity", "{}", "[]", "\"a\":1", ",\"a\":1", "\"\"" };

/* xorshift64*, Vigna 2016. */
static unsigned
below(size_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned)((random_state * 0x2545f4914f6cdd1d) >> 33) %
	    (unsigned)n;
}

#define PICK(a) ((a)[below(COUNT(a))])

static void
make_space(struct buf *b)
{
	static const char *const spaces[] = { " ", "\n", "\t", "\r\n", "  " };

	if (below(8) == 0)
		buf_puts(b, PICK(spaces));
}

static void
make_number(struct buf *b)
{
	unsigned i, n;

	switch (below(40)) {
	case 0:
		for (i = 0, n = SCAN_NUMBER - 2 + below(5); i < n; i++)
			buf_putc(b, (char)('1' + below(9)));
		break;
	case 1:
	case 2:
		buf_puts(b, PICK(numbers));
		break;
	case 3:
		buf_printf(b, "%u.", below(10));
		buf_printf(b, "%ue", below(1000));
		buf_printf(b, "%d", (int)below(640) - 320);
		break;
	default:
		buf_puts(b, below(4) == 0 ? "-" : "");
		buf_printf(b, "%u", below(2000));
		if (below(3) == 0)
			buf_printf(b, ".%u", below(100000));
	}
}

static void
make_string(struct buf *b)
{
	buf_puts(b, "\"");
	buf_puts(b, below(3) == 0 ? PICK(strings) : strings[below(3)]);
	buf_puts(b, "\"");
}

static void make_value(struct buf *, unsigned);

static void
make_list(struct buf *b, unsigned depth, bool is_object)
{
	unsigned i, n = below(5);

	buf_putc(b, is_object ? '{' : '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		make_space(b);
		if (is_object) {
			buf_printf(b, "\"%s", PICK(names));
			if (below(3) > 0)
				buf_printf(b, "%u", i);
			buf_putc(b, '"');
			make_space(b);
			buf_putc(b, ':');
		}
		make_value(b, depth + 1);
		make_space(b);
	}
	make_space(b);
	buf_putc(b, is_object ? '}' : ']');
}

static void
make_value(struct buf *b, unsigned depth)
{
	static const char *const literals[] = { "true", "false", "null" };

	make_space(b);
	switch (below(depth < 4 ? 7 : 3)) {
	case 0:
		make_number(b);
		break;
	case 1:
		make_string(b);
		break;
	case 2:
		buf_puts(b, PICK(literals));
		break;
	case 3:
	case 4:
		make_list(b, depth, false);
		break;
	default:
		make_list(b, depth, true);
	}
	make_space(b);
}

static void
splice(struct buf *b, size_t at, size_t cut, const char *in, size_t n)
{
	char tail[MAX_TEXT];
	size_t len = b->len - at - cut;

	memcpy(tail, b->data + at + cut, len);
	b->len = at;
	buf_put(b, in, n);
	buf_put(b, tail, len);
}

static void
mutate(struct buf *b)
{
	size_t at = below(b->len + 1), n = b->len - at, from;
	const char *token;
	char copy[16];

	n = below((n < 12 ? n : 12) + 1);
	switch (below(5)) {
	case 0:
		if (at < b->len)
			b->data[at] ^= (char)(1 << below(8));
		break;
	case 1:
		token = PICK(tokens);
		splice(b, at, 0, token, strlen(token));
		break;
	case 2:
		splice(b, at, n < 3 ? n : 3, "", 0);
		break;
	case 3:
		memcpy(copy, b->data + at, n);
		from = below(b->len + 1);
		splice(b, from, 0, copy, n);
		break;
	default:
		token = PICK(tokens);
		splice(b, at, n < 1 ? n : 1, token, strlen(token));
	}
}

static void
make_text(struct buf *b)
{
	unsigned i, levels = below(50) == 0 ? 60 + below(8) : 0;

	buf_reset(b);
	for (i = 0; i < levels; i++)
		buf_puts(b, "[");
	make_value(b, levels > 0 ? 4 : 0);
	for (i = 0; i < levels; i++)
		buf_puts(b, "]");
	if (b->failed) {
		make_text(b);
		return;
	}
	if (below(5) < 3)
		for (i = 0; i <= below(3); i++)
			mutate(b);
}

static void
put_hex(struct buf *list, const char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		buf_putc(list, digits[(unsigned char)bytes[i] >> 4]);
		buf_putc(list, digits[(unsigned char)bytes[i] & 15]);
	}
	buf_putc(list, ' ');
}

/* What we say of a batch, and the batch as the server gets it. */
struct batch {
	const char *refused[BATCH]; /* the reason, or NULL */
	struct buf sent, minified, written;
};

static void
make_batch(struct batch *batch)
{
	struct scan_error error;
	struct buf text, out;
	struct json *doc;
	size_t mark; /* a byte order mark, which jsonb does not skip */
	int i;

	buf_init(&text, MAX_TEXT - 200);
	buf_init(&out, 2 * MAX_TEXT);
	for (i = 0; i < BATCH; i++) {
		make_text(&text);
		mark =
		    text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0
		    ? 3
		    : 0;
		put_hex(&batch->sent, text.data + mark, text.len - mark);
		buf_reset(&out);
		batch->refused[i] = NULL;
		if (json_parse(text.data, text.len, &doc, &error) ==
		    STATUS_OK) {
			json_write(&out, json_root(doc));
			put_hex(&batch->minified, json_text(doc),
			    strlen(json_text(doc)));
			put_hex(&batch->written, out.data, out.len);
			json_free(doc);
		} else {
			batch->refused[i] = error.reason;
			buf_puts(&batch->minified, " ");
			buf_puts(&batch->written, " ");
		}
	}
	assert_false(batch->sent.failed || batch->minified.failed ||
	    batch->written.failed);
	buf_free(&text);
	buf_free(&out);
}

static const char judge_sql[] =
    "CREATE FUNCTION pg_temp.judge(sent bytea, minified bytea, written bytea)\n"
    "RETURNS text LANGUAGE plpgsql AS $$\n"
    "DECLARE v jsonb;\n"
    "BEGIN\n"
    "	BEGIN\n"
    "		v := convert_from(sent, 'UTF8')::jsonb;\n"
    "	EXCEPTION WHEN others THEN\n"
    "		RETURN 'refused';\n"
    "	END;\n"
    "	IF minified = '' THEN\n"
    "		RETURN 'accepted';\n"
    "	END IF;\n"
    "	IF v::text = convert_from(minified, 'UTF8')::jsonb::text\n"
    "	    AND v::text = convert_from(written, 'UTF8')::jsonb::text THEN\n"
    "		RETURN 'equal';\n"
    "	END IF;\n"
    "	RETURN 'different';\n"
    "END $$";

static const char ask_sql[] =
    "SELECT pg_temp.judge(decode(s, 'hex'), decode(m, 'hex'), decode(w, 'hex'))"
    ", s FROM ROWS FROM (string_to_table($1, ' '), string_to_table($2, ' '),"
    " string_to_table($3, ' ')) AS t (s, m, w)";

static PGresult *
ask(PGconn *conn, const struct batch *batch)
{
	const char *values[] = { batch->sent.data, batch->minified.data,
		batch->written.data };
	PGresult *r;

	r = PQexecParams(conn, ask_sql, 3, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(conn));
	/* Every text ends in a space: behind the last one is one more row. */
	assert_int_equal(PQntuples(r), BATCH + 1);
	return r;
}

static struct tally {
	const char *reason;
	unsigned count;
} on_purpose[] = {
	{ "duplicate name", 0 },
	{ "nested too deeply", 0 },
	{ "number of more than 128 characters", 0 },
	{ "number out of range", 0 },
};
static unsigned both_accept, both_refuse;

static void
judge(const char *refused, const char *verdict, const char *hex)
{
	size_t i;

	if (refused == NULL) {
		if (strcmp(verdict, "equal") != 0)
			fail_msg("we accept, jsonb: %s: %s", verdict, hex);
		both_accept++;
		return;
	}
	if (strcmp(verdict, "refused") == 0) {
		both_refuse++;
		return;
	}
	for (i = 0; i < COUNT(on_purpose); i++)
		if (strcmp(on_purpose[i].reason, refused) == 0) {
			on_purpose[i].count++;
			return;
		}
	fail_msg("jsonb accepts, we say %s: %s", refused, hex);
}

static PGconn *
connect_to_judge(void)
{
	const char *url = getenv("TEST_DATABASE_URL");
	PGconn *conn;
	PGresult *r;

	if (url == NULL || url[0] == '\0')
		fail_msg("TEST_DATABASE_URL is not set; use make test");
	conn = PQconnectdb(url);
	r = PQexec(conn, judge_sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s", PQerrorMessage(conn));
	PQclear(r);
	assert_string_equal(PQparameterStatus(conn, "server_encoding"), "UTF8");
	return conn;
}

static void
scan__20000_texts_from_a_seed__as_jsonb_but_on_purpose(void **state)
{
	static struct batch batch;
	PGconn *conn = connect_to_judge();
	PGresult *r;
	size_t k;
	int i, n;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	random_state = seed;
	buf_init(&batch.sent, BATCH * 2 * MAX_TEXT);
	buf_init(&batch.minified, BATCH * 2 * MAX_TEXT);
	buf_init(&batch.written, BATCH * 4 * MAX_TEXT);
	for (n = 0; n < BATCHES; n++) {
		buf_reset(&batch.sent);
		buf_reset(&batch.minified);
		buf_reset(&batch.written);
		make_batch(&batch);
		r = ask(conn, &batch);
		for (i = 0; i < BATCH; i++)
			judge(batch.refused[i], PQgetvalue(r, i, 0),
			    PQgetvalue(r, i, 1));
		PQclear(r);
	}
	print_message(
	    "both accept %u, both refuse %u\n", both_accept, both_refuse);
	for (k = 0; k < COUNT(on_purpose); k++)
		print_message("only we refuse: %s %u\n", on_purpose[k].reason,
		    on_purpose[k].count);
	assert_true(both_accept > BATCHES * BATCH / 10);
	assert_true(both_refuse > BATCHES * BATCH / 10);
	for (k = 0; k < COUNT(on_purpose); k++)
		assert_true(on_purpose[k].count > 0);
	buf_free(&batch.sent);
	buf_free(&batch.minified);
	buf_free(&batch.written);
	PQfinish(conn);
}

/* Where a double ends, zeros that are long written out, many digits. */
static void
make_extreme(struct buf *b)
{
	unsigned i, n = below(130), exponent = 300 + below(40);

	buf_puts(b, below(4) == 0 ? "-" : "");
	if (below(3) == 0) {
		for (i = 0; i < n; i++)
			buf_putc(b, (char)('1' + below(9)));
		buf_puts(b, n == 0 ? "0" : "");
		return;
	}
	buf_printf(b, "%u.", below(10));
	for (i = 0; i <= n / 3; i++)
		buf_putc(b, (char)('0' + (below(2) ? below(10) : 0)));
	buf_printf(b, "e%s%u", below(3) ? "-" : "", exponent);
}

/* Whoever reads events casts: none may be a number that no cast takes. */
static void
scan__5000_numbers_at_the_limits__float8_and_numeric_read_them(void **state)
{
	static const char sql[] =
	    "SELECT count(n::float8), count(n::numeric), count(n::jsonb), "
	    "count(*) FILTER (WHERE (n::json #>> '{}')::numeric <> 0 AND "
	    "n::float8 = 0) FROM string_to_table($1, ' ') AS n";
	PGconn *conn = connect_to_judge();
	struct buf number, accepted;
	const char *values[1];
	int i, good = 0;
	PGresult *r;

	(void)state;
	random_state = seed;
	buf_init(&number, MAX_TEXT);
	buf_init(&accepted, 1 << 24);
	for (i = 0; i < 5000; i++) {
		struct scan_error error;

		buf_reset(&number);
		make_extreme(&number);
		if (scan_json(number.data, number.len, NULL, &error) !=
		    STATUS_OK)
			continue;
		buf_printf(
		    &accepted, "%s%s", good++ > 0 ? " " : "", number.data);
	}
	assert_in_range(good, 2000, 4500);
	values[0] = accepted.data;
	r = PQexecParams(conn, sql, 1, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(conn));
	for (i = 0; i < 3; i++)
		assert_int_equal(atoi(PQgetvalue(r, 0, i)), good);
	assert_string_equal(PQgetvalue(r, 0, 3), "0");
	PQclear(r);
	buf_free(&number);
	buf_free(&accepted);
	PQfinish(conn);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    scan__5000_numbers_at_the_limits__float8_and_numeric_read_them),
	cmocka_unit_test(
	    scan__20000_texts_from_a_seed__as_jsonb_but_on_purpose),
};

T_MAIN(tests)
