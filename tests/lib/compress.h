/* Compresses for tests; zlib's container formats by their window bits. */
#ifndef COMPRESS_H
#define COMPRESS_H

#include "buf.h"

enum {
	COMPRESS_GZIP = 31,
	COMPRESS_ZLIB = 15,
	COMPRESS_RAW = -15
};

/* Appends one stream, or one member of gzip, with these n bytes. */
void compress_put(struct buf *out, int format, const char *bytes, size_t n);
/* Appends megabytes of zeros, about a kilobyte for each, as one stream. */
void compress_zeros(struct buf *out, int format, int megabytes);

#endif
