/*
 * What tests of the scanner assert about a text.
 */
#ifndef SCAN_CHECK_H
#define SCAN_CHECK_H

#include "t.h"

#include "scan.h"

#define MEBIBYTE ((size_t)1 << 20)
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum status scan_check(const char *text);

void scan_assert_refused(
    const char *text, size_t len, size_t offset, const char *reason);

#endif
