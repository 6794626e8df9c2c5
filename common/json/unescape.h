/* What the escapes of a JSON string (RFC 8259, section 7) stand for. */
#ifndef UNESCAPE_H
#define UNESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* The value of four hexadecimal digits. */
uint32_t unescape_unit(const char *hex);
/*
 * Writes the UTF-8 of what stands between the quotes of a valid string without
 * unpaired surrogates. Returns its length, which is len at most.
 */
size_t unescape(const char *from, size_t len, char *out);

#endif
