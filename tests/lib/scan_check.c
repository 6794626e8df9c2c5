#include "scan_check.h"

#include <string.h>

#include "scan.h"

enum status
scan_check(const char *text)
{
	struct scan_error error;

	return scan_json(text, strlen(text), NULL, &error);
}

void
scan_assert_refused(
    const char *text, size_t len, size_t offset, const char *reason)
{
	struct scan_error error = { 0, "" };
	struct buf out;

	buf_init(&out, len);
	assert_int_equal(scan_json(text, len, &out, &error), STATUS_REJECT);
	assert_string_equal(error.reason, reason);
	assert_int_equal(error.offset, offset);
	buf_free(&out);
}
