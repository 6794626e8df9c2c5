/* Resolves the escapes of a JSON string (RFC 8259, section 7). */
#ifndef UNESCAPE_H
#define UNESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* The value of four hexadecimal digits. */
uint32_t unescape_unit(const char *hex);
/*
 * Writes, in UTF-8, the text between the quotes of a valid string that has no
 * unpaired surrogates. Returns the length of out, at most len.
 */
size_t unescape(const char *from, size_t len, char *out);

#endif
