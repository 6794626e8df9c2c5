/*
 * The tests' own receivers of webhooks behave as the path asks.
 */
#include "t.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "http.h"
#include "receiver.h"

static struct receiver r;

static int
setup(void **state)
{
	(void)state;
	r = (struct receiver){ 0 };
	receiver_start(&r);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	receiver_stop(&r);
	return 0;
}

static struct http
hook(const char *path, const char *id)
{
	char header[96];

	snprintf(header, sizeof(header), "Webhook-Id: %s\r\n", id);
	return http_send(r.port, "POST", path, header, "{}");
}

static int
status(const char *path, const char *id)
{
	struct http h = hook(path, id);
	int answered = h.status;

	http_free(&h);
	return answered;
}

static void
assert_header(
    const char *path, const char *id, const char *name, const char *expected)
{
	struct http h = hook(path, id);
	char *value = http_header(&h, name);

	assert_string_equal(value, expected);
	free(value);
	http_free(&h);
}

/* --- behaviours ----------------------------------------------------------- */

static void
receiver__paths_of_all_kinds__answer_as_named(void **state)
{
	(void)state;
	assert_int_equal(status("/ok/a", "1"), 204);
	assert_int_equal(status("/status/418/a", "1"), 418);
	assert_int_equal(status("/gone/a", "1"), 410);
	assert_int_equal(status("/garbage/a", "1"), 0);
	assert_int_equal(status("/reset/a", "1"), 0);
	assert_int_equal(status("/else", "1"), 404);
	assert_int_equal(status("/", "1"), 404);
}

static void
receiver__flaky__fails_so_often_for_each_id(void **state)
{
	int i;

	(void)state;
	for (i = 1; i <= 3; i++) {
		assert_int_equal(status("/flaky/2/a", "1"), i <= 2 ? 503 : 204);
		assert_int_equal(status("/flaky/2/a", "2"), i <= 2 ? 503 : 204);
		assert_int_equal(receiver_find(&r, "", 2 * i - 1)->attempt, i);
	}
}

static void
receiver__told_to_come_later__refuses_the_first_attempt(void **state)
{
	(void)state;
	assert_header("/retry-after/7/a", "1", "Retry-After", "7");
	assert_int_equal(receiver_find(&r, "", 0)->status, 429);
	assert_int_equal(status("/retry-after/7/a", "1"), 204);
	assert_int_equal(status("/retry-date/7/a", "1"), 429);
	assert_int_equal(status("/retry-date/7/a", "1"), 204);
}

static void
receiver__told_to_come_later_by_date__sends_a_date(void **state)
{
	struct http h = hook("/retry-date/60/a", "1");
	char *value = http_header(&h, "Retry-After");
	time_t now = time(NULL);
	struct tm tm = { 0 };

	(void)state;
	assert_non_null(strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm));
	assert_in_range(timegm(&tm) - now, 50, 60);
	free(value);
	http_free(&h);
}

static void
receiver__redirect__sends_elsewhere(void **state)
{
	(void)state;
	assert_header(
	    "/redirect/a?to=http://x/y?z=1", "1", "Location", "http://x/y?z=1");
}

static void
receiver__big__sends_all_of_it(void **state)
{
	struct http h = hook("/big/5000000/a", "1");

	(void)state;
	assert_int_equal(h.status, 200);
	assert_int_equal(h.body_len, 5000000);
	http_free(&h);
}

/* --- connections ---------------------------------------------------------- */

static int
dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)r.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { 30, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void
request(int fd, const char *path)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\n\r\n", path);

	assert_int_equal(send(fd, text, (size_t)n, 0), n);
}

/* Returns the bytes received, as a string valid until the next call. */
static const char *
answered(int fd)
{
	static char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
receiver__connection_kept__serves_again_and_again(void **state)
{
	int fd = dial(), i;

	(void)state;
	for (i = 0; i < 100; i++) {
		request(fd, "/ok/a");
		assert_string_equal(
		    answered(fd), "HTTP/1.1 204 As Asked\r\n\r\n");
	}
	close(fd);
	assert_int_equal(receiver_count(&r, "/ok/a"), 100);
}

static void
receiver__200_slow_at_once__wait_side_by_side(void **state)
{
	int64_t began = clock_steady_ms();
	int fds[200], i;

	(void)state;
	for (i = 0; i < 200; i++)
		request(fds[i] = dial(), "/slow/300/a");
	for (i = 0; i < 200; i++) {
		assert_non_null(strstr(answered(fds[i]), " 204 "));
		close(fds[i]);
	}
	assert_in_range(clock_steady_ms() - began, 300, 20000);
}

static void
receiver__slow_and_sender_gone__goes_on(void **state)
{
	int fd = dial();

	(void)state;
	request(fd, "/slow/100/a");
	close(fd);
	assert_int_equal(status("/slow/200/a", "1"), 204);
}

static void
receiver__hang__reads_and_keeps_silent(void **state)
{
	int fd = dial();

	(void)state;
	request(fd, "/hang/a");
	assert_int_equal(status("/slow/100/a", "1"), 204);
	assert_int_equal(recv(fd, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	assert_int_equal(receiver_find(&r, "/hang", 0)->status, 0);
	close(fd);
}

static void
receiver__drip__sends_a_byte_a_second(void **state)
{
	int fd = dial();

	(void)state;
	request(fd, "/drip/a");
	assert_non_null(strstr(answered(fd), "Content-Length: 1000000\r\n"));
	assert_string_equal(answered(fd), ".");
	assert_string_equal(answered(fd), ".");
	close(fd);
}

static void
receiver__body_in_pieces__read_whole(void **state)
{
	static const char head[] = "POST /ok/a HTTP/1.1\r\n"
				   "content-length: 10\r\n\r\n01234";
	const struct receiver_request *q;
	int fd = dial();

	(void)state;
	send(fd, head, strlen(head), 0);
	assert_int_equal(status("/ok/b", "1"), 204);
	assert_int_equal(receiver_count(&r, "/ok/a"), 0);
	send(fd, "56789", 5, 0);
	assert_non_null(strstr(answered(fd), " 204 "));
	q = receiver_find(&r, "/ok/a", 0);
	assert_int_equal(q->body_len, 10);
	assert_string_equal(q->body, "0123456789");
	close(fd);
}

/* --- queries -------------------------------------------------------------- */

static void
receiver__requests__counted_and_found_by_prefix(void **state)
{
	(void)state;
	status("/ok/a", "1");
	status("/ok/b", "1");
	status("/ok/a", "2");
	status("/ok/a", "1");
	assert_int_equal(receiver_count(&r, ""), 4);
	assert_int_equal(receiver_count(&r, "/ok/a"), 3);
	assert_int_equal(receiver_count(&r, "/no"), 0);
	assert_int_equal(receiver_distinct(&r, "/ok/a"), 2);
	assert_int_equal(receiver_distinct(&r, "/ok/"), 2);
	assert_string_equal(receiver_find(&r, "/ok/a", 1)->id, "2");
	assert_null(receiver_find(&r, "/ok/a", 3));
	assert_null(receiver_find(&r, "/no", 0));
}

static void
receiver__a_cloudevent__its_time_and_headers_are_known(void **state)
{
	const struct receiver_request *q;
	struct http h;
	char *value;

	(void)state;
	h = http_send(r.port, "POST", "/ok/a", "X-Some: thing\r\n",
	    J("{'id':'1','time':'1970-01-01T00:00:01.5Z'}"));
	http_free(&h);
	q = receiver_find(&r, "", 0);
	assert_int_equal(q->time_us, 1500000);
	assert_in_range(clock_wall_us() - q->received_us, 0, 60000000);
	value = receiver_header(q, "x-some");
	assert_string_equal(value, "thing");
	free(value);
	assert_null(receiver_header(q, "x-som"));
	assert_null(receiver_header(q, "{\"id\""));
}

static void
receiver__more_than_it_remembers__the_latest_remain(void **state)
{
	static const char one[] = "POST /ok/a HTTP/1.1\r\n\r\n";
	enum {
		EACH = 64,
		TOTAL = RECEIVER_RING + EACH
	};
	char many[EACH * (sizeof(one) - 1)], text[16384];
	size_t i, left = 0;
	int fd = dial();
	ssize_t n;

	(void)state;
	for (i = 0; i < EACH; i++)
		memcpy(many + i * (sizeof(one) - 1), one, sizeof(one) - 1);
	for (i = 0; i < TOTAL / EACH; i++) {
		send(fd, many, sizeof(many), 0);
		left += EACH * strlen("HTTP/1.1 204 As Asked\r\n\r\n");
		while (left > 0 && (n = recv(fd, text, sizeof(text), 0)) > 0)
			left -= (size_t)n;
	}
	close(fd);
	assert_int_equal(receiver_total(&r), TOTAL);
	assert_null(receiver_at(&r, EACH));
	assert_int_equal(receiver_at(&r, EACH + 1)->attempt, EACH + 2);
	assert_int_equal(receiver_count(&r, ""), RECEIVER_RING - 1);
	assert_null(receiver_at(&r, TOTAL - RECEIVER_WHOLE - 1)->raw);
	assert_null(receiver_header(receiver_find(&r, "", 0), "Host"));
	assert_non_null(receiver_at(&r, TOTAL - RECEIVER_WHOLE)->raw);
}

static void
receiver__stopped_and_started_on_its_port__is_there_again(void **state)
{
	int port = r.port;

	(void)state;
	status("/ok/a", "1");
	receiver_stop(&r);
	r.port = port;
	assert_int_equal(status("/ok/a", "1"), 0);
	receiver_start(&r);
	assert_int_equal(status("/ok/a", "1"), 204);
	assert_int_equal(receiver_count(&r, ""), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(receiver__paths_of_all_kinds__answer_as_named),
	TEST(receiver__flaky__fails_so_often_for_each_id),
	TEST(receiver__told_to_come_later__refuses_the_first_attempt),
	TEST(receiver__told_to_come_later_by_date__sends_a_date),
	TEST(receiver__redirect__sends_elsewhere),
	TEST(receiver__big__sends_all_of_it),
	TEST(receiver__connection_kept__serves_again_and_again),
	TEST(receiver__200_slow_at_once__wait_side_by_side),
	TEST(receiver__slow_and_sender_gone__goes_on),
	TEST(receiver__hang__reads_and_keeps_silent),
	TEST(receiver__drip__sends_a_byte_a_second),
	TEST(receiver__body_in_pieces__read_whole),
	TEST(receiver__requests__counted_and_found_by_prefix),
	TEST(receiver__a_cloudevent__its_time_and_headers_are_known),
	TEST(receiver__more_than_it_remembers__the_latest_remain),
	TEST(receiver__stopped_and_started_on_its_port__is_there_again),
};

T_MAIN(tests)
