/* The gateway: what a handler sees of a compressed body. */
#include "t.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "compress.h"
#include "gateway_fake.h"

#define GZIP "HTTP_CONTENT_ENCODING=gzip"

static bool no_memory;

int
inflateInit2_(z_streamp z, int bits, const char *version, int size)
{
	int (*real)(z_streamp, int, const char *, int);

	if (no_memory)
		return Z_MEM_ERROR;
	*(void **)&real = dlsym(RTLD_NEXT, "inflateInit2_");
	return real(z, bits, version, size);
}

/* Sends the body with that Content-Encoding; returns the answer's bytes. */
static struct buf
serve(const struct buf *body, const char *coding)
{
	struct fake f = { .body = body->data, .left = body->len };
	static char length[64], encoding[64]; /* "seen" points into them */

	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", body->len);
	snprintf(
	    encoding, sizeof(encoding), "HTTP_CONTENT_ENCODING=%s", coding);
	SERVE(&f, POST, length, encoding);
	return f.out;
}

static void
assert_seen(const struct buf *body, const char *coding, const char *want,
    bool too_large, bool broken)
{
	struct buf out = serve(body, coding);

	buf_free(&out);
	assert_string_equal(seen.body, want);
	assert_int_equal(seen.request.body_len, strlen(want));
	assert_int_equal(seen.request.body_too_large, too_large);
	assert_int_equal(seen.request.body_is_broken, broken);
	assert_null(seen.request.content_encoding);
}

static struct buf
compressed(const char *text, size_t n)
{
	struct buf b;

	buf_init(&b, 2 * BODY_MAX);
	compress_put(&b, COMPRESS_GZIP, text, n);
	return b;
}

static void
gateway__compressed_body__plain(void **state)
{
	struct buf body = compressed("hello", 5);

	(void)state;
	assert_seen(&body, "gzip", "hello", false, false);
	assert_seen(&body, "identity, X-GZIP", "hello", false, false);
	buf_reset(&body);
	compress_put(&body, COMPRESS_ZLIB, "hallo", 5);
	assert_seen(&body, "deflate", "hallo", false, false);
	buf_reset(&body);
	assert_seen(&body, "gzip", "", false, false);
	buf_free(&body);
}

static void
gateway__broken_body__empty_and_marked(void **state)
{
	struct buf body = compressed("hello", 5);

	(void)state;
	buf_cut(&body, body.len - 1);
	assert_seen(&body, "gzip", "", false, true);
	buf_free(&body);
}

static void
gateway__plain_body_over_the_limit__empty_and_marked(void **state)
{
	char *text = calloc(1, BODY_MAX + 1);
	struct buf body;

	(void)state;
	assert_non_null(text);
	body = compressed(text, BODY_MAX + 1);
	assert_seen(&body, "gzip", "", true, false);
	buf_free(&body);
	body = compressed("hello", 5);
	assert_seen(&body, "gzip", "hello", false, false);
	buf_free(&body);
	free(text);
}

static void
gateway__compressed_body_over_the_limit__drained_and_marked(void **state)
{
	struct fake f = { .left = BODY_MAX + 1 };

	(void)state;
	SERVE(&f, POST, "CONTENT_LENGTH=1048577", GZIP);
	assert_int_equal(f.left, 0);
	assert_true(seen.request.body_too_large);
	assert_false(seen.request.body_is_broken);
	buf_free(&f.out);
}

static void
gateway__another_coding_or_two__left_as_it_is(void **state)
{
	static const char *const codings[] = { "br", "gzip, gzip",
		"gzip, deflate", "gzip;q=1", "gzi", "gzipp" };
	struct buf body = compressed("hello", 5), out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(codings) / sizeof(*codings); i++) {
		out = serve(&body, codings[i]);
		buf_free(&out);
		assert_string_equal(seen.request.content_encoding, codings[i]);
		assert_int_equal(seen.request.body_len, body.len);
	}
	buf_free(&body);
}

static void
gateway__no_memory_to_decompress__500(void **state)
{
	struct buf body = compressed("hello", 5);
	struct fake f = { .body = body.data, .left = body.len };
	char length[64];

	(void)state;
	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", body.len);
	no_memory = true;
	SERVE(&f, POST, length, GZIP);
	no_memory = false;
	gateway_assert_refused(&f, "Status: 500 Internal Server Error\r\n");
	buf_free(&body);
}

static const struct CMUnitTest tests[] = {
	TEST(gateway__compressed_body__plain),
	TEST(gateway__broken_body__empty_and_marked),
	TEST(gateway__plain_body_over_the_limit__empty_and_marked),
	TEST(gateway__compressed_body_over_the_limit__drained_and_marked),
	TEST(gateway__another_coding_or_two__left_as_it_is),
	TEST(gateway__no_memory_to_decompress__500),
};

T_MAIN(tests)
