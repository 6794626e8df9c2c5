#include "t.h"

#include <libpq-fe.h>
#include <string.h>

#include "json.h"
#include "random_json.h"

enum {
	BATCHES = 20,
	BATCH = 1000
};

static const uint64_t seed = 20260607;

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

/* Our verdicts on a batch, and the batch as it is sent to the server. */
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
		random_json_text(&text);
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
	/* Every text ends in a space, so that the last row is an empty one. */
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
	random_json_state = seed;
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

/* Readers of events cast numbers, so each accepted one must be castable. */
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
	random_json_state = seed;
	buf_init(&number, MAX_TEXT);
	buf_init(&accepted, 1 << 24);
	for (i = 0; i < 5000; i++) {
		struct scan_error error;

		buf_reset(&number);
		random_json_number(&number);
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
