/*
 * Arrays in binary format. The expected bytes are what PostgreSQL's
 * array_send() writes, but every array says that it can have NULLs.
 */
#include "t.h"

#include <string.h>

#include "array.h"

static void
check(struct buf *b, const char *hex)
{
	char text[512];
	size_t i;

	assert_false(b->failed);
	for (i = 0; i < b->len; i++)
		snprintf(text + 2 * i, 3, "%02x", (unsigned char)b->data[i]);
	assert_string_equal(text, hex);
	buf_free(b);
}

static void
array__texts_and_null__as_the_server_sends_them(void **state)
{
	struct buf b;

	(void)state;
	array_init(&b, ARRAY_OF_TEXT, 4096);
	array_put_text(&b, "a");
	array_put_text(&b, NULL);
	array_put(&b, "\xc3\xa9", 2);
	check(&b,
	    "00000001"
	    "00000001"
	    "00000019"
	    "00000003"
	    "00000001"
	    "00000001"
	    "61"
	    "ffffffff"
	    "00000002"
	    "c3a9");
}

static void
array__empty__no_elements(void **state)
{
	struct buf b;

	(void)state;
	array_init(&b, ARRAY_OF_JSON, 4096);
	check(&b,
	    "00000001"
	    "00000001"
	    "00000072"
	    "00000000"
	    "00000001");
}

static void
array__ids_numbers_and_truth__big_endian(void **state)
{
	struct buf b;
	struct id id;

	(void)state;
	assert_true(id_parse("01A205B3-d000-7000-8000-0000000000ff", &id));
	array_init(&b, ARRAY_OF_ID, 4096);
	array_put_id(&b, &id);
	check(&b,
	    "00000001"
	    "00000001"
	    "00000b86"
	    "00000001"
	    "00000001"
	    "00000010"
	    "01a205b3d000700080000000000000ff");
	array_init(&b, ARRAY_OF_INT, 4096);
	array_put_int(&b, 1);
	array_put_int(&b, -2);
	check(&b,
	    "00000001"
	    "00000001"
	    "00000017"
	    "00000002"
	    "00000001"
	    "00000004"
	    "00000001"
	    "00000004"
	    "fffffffe");
	array_init(&b, ARRAY_OF_BOOL, 4096);
	array_put_true(&b);
	check(&b,
	    "00000001"
	    "00000001"
	    "00000010"
	    "00000001"
	    "00000001"
	    "00000001"
	    "01");
}

static void
array__times__microseconds_from_2000(void **state)
{
	struct buf b;

	(void)state;
	array_init(&b, ARRAY_OF_TIME, 4096);
	array_put_time(&b, 1795428000000001);
	array_put_time(&b, 946684799500000);
	check(&b,
	    "00000001"
	    "00000001"
	    "000004a0"
	    "00000002"
	    "00000001"
	    "00000008"
	    "000303ed6cf10801"
	    "00000008"
	    "fffffffffff85ee0");
}

static void
array__longer_than_its_limit__failed(void **state)
{
	struct buf b;

	(void)state;
	array_init(&b, ARRAY_OF_TEXT, 30);
	array_put_text(&b, "1234567");
	assert_true(b.failed);
	buf_free(&b);
}

static void
array__first_element__its_bytes_or_null(void **state)
{
	struct buf b, first;

	(void)state;
	array_init(&b, ARRAY_OF_TEXT, 4096);
	array_put_text(&b, "abc");
	first = array_first(&b);
	assert_int_equal(first.len, 3);
	assert_memory_equal(first.data, "abc", 3);
	buf_free(&b);
	array_init(&b, ARRAY_OF_TEXT, 4096);
	array_put_text(&b, NULL);
	assert_null(array_first(&b).data);
	buf_free(&b);
	array_init(&b, ARRAY_OF_TEXT, 22);
	array_put_text(&b, "abc");
	assert_true(array_first(&b).failed);
	buf_free(&b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(array__texts_and_null__as_the_server_sends_them),
	cmocka_unit_test(array__empty__no_elements),
	cmocka_unit_test(array__ids_numbers_and_truth__big_endian),
	cmocka_unit_test(array__times__microseconds_from_2000),
	cmocka_unit_test(array__first_element__its_bytes_or_null),
	cmocka_unit_test(array__longer_than_its_limit__failed),
};

T_MAIN(tests)
