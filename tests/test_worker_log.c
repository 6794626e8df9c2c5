/* The log sink: one line of JSON a message on standard output. */
#include "t.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "sink.h"

static const struct message message = {
	.id = "018f0000-0000-7000-8000-000000000001",
	.event_id = "018f0000-0000-7000-8000-000000000002",
	.topic = "event.security",
	.payload = "{\"a\":1.50}",
	.attempt = 3,
};

#define LINE(payload)                                                          \
	"{\"topic\":\"event.security\","                                       \
	"\"id\":\"018f0000-0000-7000-8000-000000000001\","                     \
	"\"event_id\":\"018f0000-0000-7000-8000-000000000002\","               \
	"\"attempt\":3,\"payload\":" payload "}\n"

static char error[256];

/* Publishes with fd for standard output, which cmocka needs back. */
static enum status
publish_to(int fd, const struct message *m)
{
	enum status status;
	int saved;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	status = sink_log.publish(m, error, sizeof(error));
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return status;
}

static void
expect_line(const struct message *m, const char *line)
{
	char got[1024];
	ssize_t n;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(publish_to(fds[1], m), STATUS_OK);
	n = read(fds[0], got, sizeof(got) - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, line);
	close(fds[0]);
	close(fds[1]);
}

static void
log__message__one_line_payload_as_it_is(void **state)
{
	(void)state;
	expect_line(&message, LINE("{\"a\":1.50}"));
}

static void
log__payload_on_many_lines__one_line(void **state)
{
	struct message m = message;

	(void)state;
	m.payload = "{\r\n\"a\":\n1}\n";
	expect_line(&m, LINE("{  \"a\": 1} "));
}

static void
log__topic_to_be_escaped__escaped(void **state)
{
	struct message m = message;

	(void)state;
	m.topic = "event.\"\n";
	expect_line(&m,
	    "{\"topic\":\"event.\\\"\\n\","
	    "\"id\":\"018f0000-0000-7000-8000-000000000001\","
	    "\"event_id\":\"018f0000-0000-7000-8000-000000000002\","
	    "\"attempt\":3,\"payload\":{\"a\":1.50}}\n");
}

static void
log__disk_full__try_later(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(publish_to(fd, &message), STATUS_RETRY);
	assert_non_null(strstr(error, "No space left"));
	close(fd);
}

static void
log__reader_gone__try_later(void **state)
{
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(publish_to(fds[1], &message), STATUS_RETRY);
	assert_non_null(strstr(error, "Broken pipe"));
	close(fds[1]);
}

static void
log__line_cut_off__ended_before_the_next(void **state)
{
	static char payload[1 << 20], drained[1 << 20];
	struct message m = message;
	int fds[2];

	(void)state;
	memset(payload, '1', sizeof(payload) - 1);
	m.payload = payload;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(publish_to(fds[1], &m), STATUS_RETRY);
	while (read(fds[0], drained, sizeof(drained)) > 0)
		;
	close(fds[0]);
	close(fds[1]);
	expect_line(&message, "\n" LINE("{\"a\":1.50}"));
	expect_line(&message, LINE("{\"a\":1.50}"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(log__message__one_line_payload_as_it_is),
	cmocka_unit_test(log__payload_on_many_lines__one_line),
	cmocka_unit_test(log__topic_to_be_escaped__escaped),
	cmocka_unit_test(log__disk_full__try_later),
	cmocka_unit_test(log__reader_gone__try_later),
	cmocka_unit_test(log__line_cut_off__ended_before_the_next),
};

T_MAIN(tests)
