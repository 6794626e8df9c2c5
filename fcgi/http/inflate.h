/* Undoes the compression of a body. inflate.c is the only user of zlib. */
#ifndef INFLATE_H
#define INFLATE_H

#include "buf.h"

enum inflate_format {
	INFLATE_GZIP,   /* RFC 1952, one member or several */
	INFLATE_DEFLATE /* RFC 1950, or RFC 1951 alone, as some clients send */
};

enum inflate_end {
	INFLATE_WHOLE,
	INFLATE_TOO_LARGE, /* more than out->max bytes */
	INFLATE_BROKEN,    /* damaged, cut short, or followed by other bytes */
	INFLATE_NO_MEMORY
};

/*
 * Appends the decompressed bytes to out, which grows as they come. It stops as
 * soon as they pass out->max. Unless all went well, out holds a part of them.
 */
enum inflate_end inflate_put(
    struct buf *out, enum inflate_format, const char *in, size_t n) MUST_CHECK;

#endif
