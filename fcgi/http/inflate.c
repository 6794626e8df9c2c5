#include "inflate.h"

#include <limits.h>
#define ZLIB_CONST /* the input is const */
#include <zlib.h>

enum {
	CHUNK = 16 << 10,
	WINDOW = 15, /* log2 of the largest distance that deflate knows */
	GZIP = 16    /* added to the window: zlib reads RFC 1952 */
};

/*
 * The first two bytes of RFC 1950: method 8, and a checksum. No encoder starts
 * a raw stream like this: it would be a stored block with padding other than 0.
 */
static bool
has_zlib_header(const unsigned char *in, size_t n)
{
	return n >= 2 && (in[0] & 0x0f) == 8 && (in[0] << 8 | in[1]) % 31 == 0;
}

static int
window_bits(enum inflate_format format, const unsigned char *in, size_t n)
{
	if (format == INFLATE_GZIP)
		return WINDOW + GZIP;
	return has_zlib_header(in, n) ? WINDOW : -WINDOW;
}

static enum inflate_end
put(struct buf *out, const unsigned char *chunk, size_t n)
{
	if (n > out->max - out->len)
		return INFLATE_TOO_LARGE;
	buf_put(out, chunk, n);
	return out->failed ? INFLATE_NO_MEMORY : INFLATE_WHOLE;
}

/* Reads the stream up to its end, which may come before that of the input. */
static enum inflate_end
read_stream(z_stream *z, struct buf *out)
{
	unsigned char chunk[CHUNK];
	enum inflate_end end;
	int rc;

	do {
		z->next_out = chunk;
		z->avail_out = sizeof(chunk);
		rc = inflate(z, Z_NO_FLUSH);
		if (rc == Z_MEM_ERROR)
			return INFLATE_NO_MEMORY;
		/* Z_BUF_ERROR: the input has ended, the stream has not. */
		if (rc != Z_OK && rc != Z_STREAM_END)
			return INFLATE_BROKEN;
		end = put(out, chunk, sizeof(chunk) - z->avail_out);
	} while (rc == Z_OK && end == INFLATE_WHOLE);
	return end;
}

enum inflate_end
inflate_put(
    struct buf *out, enum inflate_format format, const char *in, size_t n)
{
	const unsigned char *bytes = (const unsigned char *)in;
	z_stream z = { .next_in = bytes,
		.avail_in = n < UINT_MAX ? (unsigned)n : UINT_MAX };
	enum inflate_end end;

	if (inflateInit2(&z, window_bits(format, bytes, n)) != Z_OK)
		return INFLATE_NO_MEMORY;
	do
		end = read_stream(&z, out);
	while (end == INFLATE_WHOLE && format == INFLATE_GZIP &&
	    z.avail_in > 0 && inflateReset(&z) == Z_OK);
	inflateEnd(&z);
	return end == INFLATE_WHOLE && z.avail_in > 0 ? INFLATE_BROKEN : end;
}
