/* The decompression of bodies: formats, limits, and every way to be broken. */
#include "t.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

#include "compress.h"
#include "inflate.h"

enum {
	LIMIT = 1 << 20
};

#define HELLO "{\"hello\":\"hello, hello, hello\"}"

/* What zlib fails at in the current test. */
static enum {
	NOTHING,
	BEGIN, /* its state */
	WINDOW /* its window */
} out_of_memory;

static int
setup(void **state)
{
	(void)state;
	out_of_memory = NOTHING;
	return 0;
}

int
inflateInit2_(z_streamp z, int bits, const char *version, int size)
{
	int (*real)(z_streamp, int, const char *, int);

	if (out_of_memory == BEGIN)
		return Z_MEM_ERROR;
	*(void **)&real = dlsym(RTLD_NEXT, "inflateInit2_");
	return real(z, bits, version, size);
}

int
inflate(z_streamp z, int flush)
{
	int (*real)(z_streamp, int);

	if (out_of_memory == WINDOW)
		return Z_MEM_ERROR;
	*(void **)&real = dlsym(RTLD_NEXT, "inflate");
	return real(z, flush);
}

/* Expects the end, and the text if all went well. */
static void
expect(enum inflate_format format, const struct buf *in, enum inflate_end end,
    const char *text)
{
	struct buf out;

	buf_init(&out, LIMIT);
	assert_int_equal(inflate_put(&out, format, in->data, in->len), end);
	if (end == INFLATE_WHOLE)
		assert_string_equal(out.data, text);
	buf_free(&out);
}

static struct buf
compressed(int format, const char *text)
{
	struct buf b;

	buf_init(&b, LIMIT);
	compress_put(&b, format, text, strlen(text));
	return b;
}

static void
inflate__each_format__plain_bytes(void **state)
{
	static const struct {
		int format;
		enum inflate_format read_as;
	} rows[] = {
		{ COMPRESS_GZIP, INFLATE_GZIP },
		{ COMPRESS_ZLIB, INFLATE_DEFLATE },
		{ COMPRESS_RAW, INFLATE_DEFLATE },
	};
	struct buf in;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		in = compressed(rows[i].format, HELLO);
		expect(rows[i].read_as, &in, INFLATE_WHOLE, HELLO);
		buf_free(&in);
		in = compressed(rows[i].format, "");
		expect(rows[i].read_as, &in, INFLATE_WHOLE, "");
		buf_free(&in);
	}
}

static void
inflate__buffer_with_text__appended(void **state)
{
	struct buf in = compressed(COMPRESS_GZIP, HELLO), out;

	(void)state;
	buf_init(&out, LIMIT);
	buf_puts(&out, "before ");
	assert_int_equal(
	    inflate_put(&out, INFLATE_GZIP, in.data, in.len), INFLATE_WHOLE);
	assert_string_equal(out.data, "before " HELLO);
	buf_free(&out);
	buf_free(&in);
}

static void
inflate__several_members__all_of_them(void **state)
{
	struct buf in = compressed(COMPRESS_GZIP, HELLO);

	(void)state;
	compress_put(&in, COMPRESS_GZIP, "", 0);
	compress_put(&in, COMPRESS_GZIP, "!", 1);
	expect(INFLATE_GZIP, &in, INFLATE_WHOLE, HELLO "!");
	buf_free(&in);
	/* The format of zlib has no members. */
	in = compressed(COMPRESS_ZLIB, HELLO);
	compress_put(&in, COMPRESS_ZLIB, "!", 1);
	expect(INFLATE_DEFLATE, &in, INFLATE_BROKEN, NULL);
	buf_free(&in);
}

static void
inflate__cut_at_any_byte__broken(void **state)
{
	static const int formats[] = { COMPRESS_GZIP, COMPRESS_ZLIB,
		COMPRESS_RAW };
	enum inflate_format as;
	struct buf in;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		as = formats[i] == COMPRESS_GZIP ? INFLATE_GZIP
						 : INFLATE_DEFLATE;
		in = compressed(formats[i], HELLO);
		while (in.len > 0) {
			buf_cut(&in, in.len - 1);
			expect(as, &in, INFLATE_BROKEN, NULL);
		}
		buf_free(&in);
	}
	in = compressed(COMPRESS_GZIP, HELLO);
	i = in.len;
	compress_put(&in, COMPRESS_GZIP, HELLO, strlen(HELLO));
	while (in.len > i + 1) {
		buf_cut(&in, in.len - 1);
		expect(INFLATE_GZIP, &in, INFLATE_BROKEN, NULL);
	}
	buf_free(&in);
}

static void
inflate__bytes_after_the_end__broken(void **state)
{
	static const int formats[] = { COMPRESS_GZIP, COMPRESS_ZLIB,
		COMPRESS_RAW };
	struct buf in;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		in = compressed(formats[i], HELLO);
		buf_put(&in, i == 0 ? "\0" : "x", 1);
		expect(i == 0 ? INFLATE_GZIP : INFLATE_DEFLATE, &in,
		    INFLATE_BROKEN, NULL);
		buf_free(&in);
	}
}

static void
inflate__any_byte_flipped__never_taken_as_whole(void **state)
{
	struct buf in = compressed(COMPRESS_GZIP, HELLO), out;
	enum inflate_end end;
	size_t i;

	(void)state;
	buf_init(&out, LIMIT);
	for (i = 0; i < in.len; i++) {
		in.data[i] ^= 0x55;
		end = inflate_put(&out, INFLATE_GZIP, in.data, in.len);
		/* The checksum leaves out the header's time and system. */
		if (end == INFLATE_WHOLE)
			assert_string_equal(out.data, HELLO);
		else
			assert_int_equal(end, INFLATE_BROKEN);
		in.data[i] ^= 0x55;
		buf_reset(&out);
	}
	buf_free(&out);
	buf_free(&in);
}

static void
inflate__another_format__broken(void **state)
{
	static const char *const plain[] = { "", "{}", HELLO, "\x78\x9c",
		"\x78\xbb\x01\x02\x03\x04\x05" /* wants a dictionary */ };
	struct buf in;
	size_t i;

	(void)state;
	buf_init(&in, LIMIT);
	for (i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		buf_reset(&in);
		buf_puts(&in, plain[i]);
		expect(INFLATE_GZIP, &in, INFLATE_BROKEN, NULL);
		expect(INFLATE_DEFLATE, &in, INFLATE_BROKEN, NULL);
	}
	buf_free(&in);
	in = compressed(COMPRESS_ZLIB, HELLO);
	expect(INFLATE_GZIP, &in, INFLATE_BROKEN, NULL);
	buf_free(&in);
	in = compressed(COMPRESS_GZIP, HELLO);
	expect(INFLATE_DEFLATE, &in, INFLATE_BROKEN, NULL);
	buf_free(&in);
}

static void
inflate__up_to_the_limit__whole_one_byte_more_too_large(void **state)
{
	struct buf in = compressed(COMPRESS_GZIP, HELLO), out;
	size_t n = strlen(HELLO);

	(void)state;
	buf_init(&out, n);
	assert_int_equal(
	    inflate_put(&out, INFLATE_GZIP, in.data, in.len), INFLATE_WHOLE);
	assert_int_equal(out.len, n);
	buf_free(&out);
	buf_init(&out, n - 1);
	assert_int_equal(inflate_put(&out, INFLATE_GZIP, in.data, in.len),
	    INFLATE_TOO_LARGE);
	buf_free(&out);
	buf_free(&in);
}

static long
peak_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void
inflate__bomb_of_a_gigabyte__stops_at_the_limit(void **state)
{
	struct buf in, out;
	long before;

	(void)state;
	buf_init(&in, LIMIT);
	compress_zeros(&in, COMPRESS_GZIP, 1024);
	buf_init(&out, LIMIT);
	before = peak_kb();
	assert_int_equal(inflate_put(&out, INFLATE_GZIP, in.data, in.len),
	    INFLATE_TOO_LARGE);
	assert_true(out.len <= LIMIT);
	assert_true(out.cap <= 2 * LIMIT);
	assert_true(peak_kb() - before < 8 << 10);
	buf_free(&out);
	buf_free(&in);
}

static void
inflate__fifty_thousand_empty_members__nothing(void **state)
{
	struct buf one = compressed(COMPRESS_GZIP, ""), in;

	(void)state;
	buf_init(&in, LIMIT);
	while (in.len + one.len <= LIMIT)
		buf_put(&in, one.data, one.len);
	expect(INFLATE_GZIP, &in, INFLATE_WHOLE, "");
	buf_free(&in);
	buf_free(&one);
}

static void
inflate__no_memory__said_so(void **state)
{
	struct buf in = compressed(COMPRESS_GZIP, HELLO), out;

	(void)state;
	out_of_memory = BEGIN;
	expect(INFLATE_GZIP, &in, INFLATE_NO_MEMORY, NULL);
	out_of_memory = WINDOW;
	expect(INFLATE_GZIP, &in, INFLATE_NO_MEMORY, NULL);
	out_of_memory = NOTHING;
	buf_init(&out, LIMIT);
	out.failed = true; /* as after a failed allocation */
	assert_int_equal(inflate_put(&out, INFLATE_GZIP, in.data, in.len),
	    INFLATE_NO_MEMORY);
	buf_free(&out);
	buf_free(&in);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

static const struct CMUnitTest tests[] = {
	TEST(inflate__each_format__plain_bytes),
	TEST(inflate__buffer_with_text__appended),
	TEST(inflate__several_members__all_of_them),
	TEST(inflate__cut_at_any_byte__broken),
	TEST(inflate__bytes_after_the_end__broken),
	TEST(inflate__any_byte_flipped__never_taken_as_whole),
	TEST(inflate__another_format__broken),
	TEST(inflate__up_to_the_limit__whole_one_byte_more_too_large),
	TEST(inflate__bomb_of_a_gigabyte__stops_at_the_limit),
	TEST(inflate__fifty_thousand_empty_members__nothing),
	TEST(inflate__no_memory__said_so),
};

T_MAIN(tests)
