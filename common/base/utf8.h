/* UTF-8 as in RFC 3629: shortest form, no surrogates, up to U+10FFFF. */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length (1 to 4) of the valid sequence that s starts with, or 0. */
size_t utf8_sequence(const char *s, size_t n);
/* Writes the code point, which must be a scalar value; returns its length. */
size_t utf8_encode(uint32_t code, char out[4]);
/*
 * The length in bytes of the first `characters` characters of s, or of all if
 * it has fewer; s is valid and NUL-terminated.
 */
size_t utf8_prefix(const char *s, size_t characters);
/* The number of characters in n bytes; -1 if they are not valid. */
long utf8_count(const char *s, size_t n);
bool utf8_is_valid(const char *s, size_t n);

#endif
