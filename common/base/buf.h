/*
 * A growing buffer with a hard maximum and a sticky error: write freely, then
 * check `failed` once. Its bytes are always NUL-terminated. A failed buffer
 * keeps what fitted and ignores every further write.
 */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

struct buf {
	char *data; /* never NULL after buf_init */
	size_t len;
	size_t cap;
	size_t max; /* limit of len, without the terminating NUL */
	bool failed;
};

/* Starts empty; allocates nothing until the first write. */
void buf_init(struct buf *, size_t max);
/* Safe on a zeroed or freed buffer. */
void buf_free(struct buf *);
/* Empties it and clears the error; keeps the memory. */
void buf_reset(struct buf *);
/* Keeps only the first n bytes; an error stays. */
void buf_cut(struct buf *, size_t n);

void buf_put(struct buf *, const void *, size_t);
void buf_putc(struct buf *, char);
void buf_puts(struct buf *, const char *);
/* In decimal. */
void buf_put_number(struct buf *, unsigned long);
void buf_printf(struct buf *, const char *, ...) PRINTF_LIKE(2, 3);

/*
 * Writes a quoted JSON string (RFC 8259). Each byte that is not valid UTF-8 is
 * replaced by U+FFFD, so that the output is always valid.
 */
void buf_json_string(struct buf *, const char *, size_t);

#endif
