/*
 * How faulty answers are judged; receiver_faults.c has the answers.
 */
#include "t.h"

#include <poll.h>
#include <string.h>

#include "clock.h"
#include "post.h"
#include "receiver.h"

enum {
	TIMEOUT_MS = 20000,
	PROMPT_MS =
	    5000, /* well before a timeout, even if the machine is slow */
	SHORT_MS = 1500,
	KEPT = 64
};

static struct receiver receiver;
static struct guard guard;
static struct post_client *http;
static struct post post;
static struct buf kept;
static bool is_over;
static int64_t took_ms;

static int
open_all(void **state)
{
	char error[256];

	(void)state;
	receiver_start(&receiver);
	return guard_init(&guard, "loopback", error) != STATUS_OK ||
	    post_open(&http, &guard, error) != STATUS_OK;
}

static int
close_all(void **state)
{
	(void)state;
	post_close(http);
	receiver_stop(&receiver);
	return 0;
}

static void
is_done(struct post *p)
{
	(void)p;
	is_over = true;
}

static void
start(const char *path, int timeout_ms)
{
	static const char *const headers[] = { "Webhook-Id: 1", NULL };
	static char url[128];

	snprintf(
	    url, sizeof(url), "http://127.0.0.1:%d%s", receiver.port, path);
	buf_free(&kept);
	buf_init(&kept, KEPT);
	post = (struct post){ .url = url,
		.headers = headers,
		.body = "{}",
		.body_len = 2,
		.timeout_ms = timeout_ms,
		.answer = &kept,
		.done = is_done };
	is_over = false;
	post_start(http, &post);
}

static void
send_to(const char *path, int timeout_ms)
{
	struct pollfd fd = { post_fd(http), POLLIN, 0 };
	int64_t began = clock_steady_ms();

	start(path, timeout_ms);
	while (!is_over) {
		assert_true(clock_steady_ms() - began < 2 * TIMEOUT_MS);
		poll(&fd, 1, 1000);
		post_work(http);
	}
	took_ms = clock_steady_ms() - began;
}

static const char *
word_of(enum error_class error)
{
	return error != ERROR_NONE ? error_class_name(error) : "-";
}

static void
expect_status(const char *path, int status)
{
	send_to(path, TIMEOUT_MS);
	if (post.error != ERROR_NONE || post.status != status ||
	    took_ms > PROMPT_MS)
		fail_msg("%s: %d %s %s after %lld ms", path, post.status,
		    word_of(post.error), post.detail, (long long)took_ms);
}

static void
expect_error(const char *path, enum error_class error, const char *detail)
{
	send_to(path, TIMEOUT_MS);
	if (post.error != error || strstr(post.detail, detail) == NULL ||
	    took_ms > PROMPT_MS)
		fail_msg("%s: %d %s %s after %lld ms", path, post.status,
		    word_of(post.error), post.detail, (long long)took_ms);
}

/* --- the head has arrived ------------------------------------------------- */

static void
body__faulty_in_any_way__the_status_counts_promptly(void **state)
{
	static const char *const faults[] = { "cut", "cut-by-reset",
		"cut-at-once", "cut-chunk", "stalled", "stalled-at-once",
		"unended", "endless", "endless-chunks", "bad-chunks",
		"bad-gzip", "bad-coding", "bad-coding-order", "bad-length",
		"negative-length", "two-lengths", "too-much", "bad-trailer",
		"continued", "early-hints" };
	static const int statuses[] = { 200, 302, 410, 503 };
	char path[64];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		for (k = 0; k < sizeof(statuses) / sizeof(*statuses); k++) {
			snprintf(path, sizeof(path), "/%s/%d/x", faults[i],
			    statuses[k]);
			expect_status(path, statuses[k]);
		}
}

static void
body__comes_too_slowly__the_status_counts_promptly(void **state)
{
	(void)state;
	expect_status("/drip/x", 200);
}

static void
body__unasked__the_status_counts_and_the_next_is_well(void **state)
{
	(void)state;
	expect_status("/unasked-body/204/x", 204);
	expect_status("/ok/x", 204);
	expect_status("/too-much/200/x", 200);
	expect_status("/ok/x", 204);
}

static void
body__ends_too_soon__what_came_is_kept(void **state)
{
	(void)state;
	expect_status("/cut/200/x", 200);
	assert_string_equal(kept.data, "short");
	expect_status("/stalled/200/x", 200);
	assert_string_equal(kept.data, "short");
	expect_status("/endless/200/x", 200);
	assert_int_equal(kept.len, KEPT);
	assert_int_equal(strncmp(kept.data, "more more ", 10), 0);
}

static void
body__ends_too_soon__retry_after_is_heard(void **state)
{
	(void)state;
	expect_status("/cut-later/503/x", 503);
	assert_int_equal(post.retry_after_ms, 2000);
	expect_status("/stalled-later/429/x", 429);
	assert_int_equal(post.retry_after_ms, 2000);
}

static void
body__many_at_once_stall__each_ends_promptly(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		expect_status(i % 2 == 0 ? "/stalled/200/x" : "/ok/x",
		    i % 2 == 0 ? 200 : 204);
}

static void
body__worker_ends_meanwhile__the_status_counts(void **state)
{
	struct pollfd fd = { post_fd(http), POLLIN, 0 };
	int64_t end = clock_steady_ms() + PROMPT_MS;
	char error[256];

	(void)state;
	start("/stalled/200/x", TIMEOUT_MS);
	while (kept.len == 0) {
		assert_true(clock_steady_ms() < end);
		poll(&fd, 1, 100);
		post_work(http);
	}
	assert_false(is_over);
	post_close(http);
	assert_true(is_over);
	assert_int_equal(post.error, ERROR_NONE);
	assert_int_equal(post.status, 200);
	assert_int_equal(post_open(&http, &guard, error), STATUS_OK);
}

/* --- the head is faulty --------------------------------------------------- */

static void
head__a_header_that_is_none__the_status_counts(void **state)
{
	(void)state;
	expect_status("/bad-header/200/x", 200);
	expect_status("/bad-header/410/x", 410);
	expect_status("/nul-header/200/x", 200);
	/*
	 * The status counts however the connection ends, and if it stays open
	 * without more bytes.
	 */
	expect_status("/bare/200/x", 200);
	expect_status("/reset-head/200/x", 200);
	expect_status("/reset-head/410/x", 410);
	send_to("/unended-head/200/x", SHORT_MS);
	assert_null(post.error);
	assert_int_equal(post.status, 200);
}

static void
head__too_long__the_receivers_fault_and_told_so(void **state)
{
	static const char *const faults[] = { "long-header", "long-status",
		"many-headers", "endless-headers", "endless-100" };
	char path[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		snprintf(path, sizeof(path), "/%s/200/x", faults[i]);
		expect_error(path, ERROR_PROTOCOL,
		    "the answer's headers are longer than 100 KiB");
	}
}

static void
head__never_ends__timeout(void **state)
{
	static const char *const paths[] = { "/never-more-than-100/200/x",
		"/hang/x" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		send_to(paths[i], SHORT_MS);
		assert_int_equal(post.error, ERROR_TIMEOUT);
		assert_true(took_ms >= SHORT_MS);
	}
}

static void
head__is_none__protocol(void **state)
{
	(void)state;
	expect_error("/cut-after-100/200/x", ERROR_PROTOCOL, "");
	expect_error("/old/200/x", ERROR_PROTOCOL, "HTTP/0.9");
	expect_error("/garbage/x", ERROR_PROTOCOL, "");
	expect_error("/reset/x", ERROR_PROTOCOL, "");
}

static void
head__status_that_is_none__protocol(void **state)
{
	(void)state;
	expect_error("/status/0/x", ERROR_PROTOCOL, "");
	expect_error("/stalled/0/x", ERROR_PROTOCOL, "");
	expect_error("/stalled/99/x", ERROR_PROTOCOL, "");
	expect_status("/stalled/999/x", 999);
}

static void
head__101_unasked__is_the_answer(void **state)
{
	(void)state;
	expect_status("/unended/101/x", 101);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(body__faulty_in_any_way__the_status_counts_promptly),
	cmocka_unit_test(body__comes_too_slowly__the_status_counts_promptly),
	cmocka_unit_test(body__unasked__the_status_counts_and_the_next_is_well),
	cmocka_unit_test(body__ends_too_soon__what_came_is_kept),
	cmocka_unit_test(body__ends_too_soon__retry_after_is_heard),
	cmocka_unit_test(body__many_at_once_stall__each_ends_promptly),
	cmocka_unit_test(body__worker_ends_meanwhile__the_status_counts),
	cmocka_unit_test(head__a_header_that_is_none__the_status_counts),
	cmocka_unit_test(head__too_long__the_receivers_fault_and_told_so),
	cmocka_unit_test(head__never_ends__timeout),
	cmocka_unit_test(head__is_none__protocol),
	cmocka_unit_test(head__status_that_is_none__protocol),
	cmocka_unit_test(head__101_unasked__is_the_answer),
};

T_MAIN_WITH(tests, open_all, close_all)
