#include "compress.h"

#include "t.h"

#include <zlib.h>

enum {
	MEGABYTE = 1 << 20
};

static void
begin(z_stream *z, int format)
{
	*z = (z_stream){ 0 };
	assert_int_equal(deflateInit2(z, Z_BEST_COMPRESSION, Z_DEFLATED, format,
			     8, Z_DEFAULT_STRATEGY),
	    Z_OK);
}

static void
add(z_stream *z, struct buf *out, const char *bytes, size_t n, int flush)
{
	unsigned char chunk[4096];
	int rc;

	z->next_in = (unsigned char *)(uintptr_t)bytes;
	z->avail_in = (unsigned)n;
	do {
		z->next_out = chunk;
		z->avail_out = sizeof(chunk);
		rc = deflate(z, flush);
		assert_true(
		    rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
		buf_put(out, chunk, sizeof(chunk) - z->avail_out);
	} while (z->avail_out == 0);
	assert_false(out->failed);
}

void
compress_put(struct buf *out, int format, const char *bytes, size_t n)
{
	z_stream z;

	begin(&z, format);
	add(&z, out, bytes, n, Z_FINISH);
	deflateEnd(&z);
}

void
compress_zeros(struct buf *out, int format, int megabytes)
{
	char *zeros = calloc(1, MEGABYTE);
	z_stream z;

	assert_non_null(zeros);
	begin(&z, format);
	while (megabytes-- > 0)
		add(&z, out, zeros, MEGABYTE, Z_NO_FLUSH);
	add(&z, out, "", 0, Z_FINISH);
	deflateEnd(&z);
	free(zeros);
}
