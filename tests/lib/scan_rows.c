#include "scan_rows.h"

#include <string.h>

/*
 * The copy has exactly len bytes, so that the sanitizer sees a read beyond it.
 */
static enum status
scan_copy(const char *text, size_t len, struct buf *out)
{
	struct scan_error error = { 0, NULL };
	char *copy = test_malloc(len > 0 ? len : 1);
	enum status status;

	memcpy(copy, text, len);
	status = scan_json(copy, len, out, &error);
	test_free(copy);
	if (status == STATUS_REJECT) {
		assert_non_null(error.reason);
		assert_in_range(error.offset, 0, len);
	}
	return status;
}

static void
check_row(void **state)
{
	const struct scan_row *row = *state;
	struct buf once, twice, wrapped;

	buf_init(&once, row->len);
	buf_init(&twice, row->len);
	buf_init(&wrapped, row->len + 6);
	assert_int_equal(scan_copy(row->text, row->len, &once), row->status);
	if (row->status == STATUS_OK) {
		assert_int_equal(
		    scan_copy(once.data, once.len, &twice), STATUS_OK);
		assert_string_equal(once.data, twice.data);
	}
	buf_puts(&wrapped, "{\"d\":");
	buf_put(&wrapped, row->text, row->len);
	buf_puts(&wrapped, "}");
	assert_int_equal(
	    scan_copy(wrapped.data, wrapped.len, NULL), row->status);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&wrapped);
}

int
scan_rows_run(const char *group, const struct scan_row *rows, size_t n)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	size_t i;
	int failed;

	t_main();
	for (i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, check_row, NULL,
			NULL, (void *)(uintptr_t)&rows[i] };
	failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	free(tests);
	return failed;
}
