/*
 * Log lines: whole, bounded, and written without blocking.
 */
#include "t.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

enum {
	FLOOD = 5000,
	PATIENCE_S = 20
};

/* Runs `speak` in a process whose stderr is fd; returns its exit status. */
static int
speak_into(int fd, void (*speak)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(PATIENCE_S); /* ends a process that blocks */
		signal(SIGPIPE, SIG_IGN);
		dup2(fd, STDERR_FILENO);
		log_open("test", LOG_LEVEL_INFO);
		speak();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Returns what `speak` logs into a file. */
static const char *
spoken(void (*speak)(void))
{
	static char text[65536];
	FILE *f = tmpfile();
	size_t n;

	assert_non_null(f);
	assert_int_equal(speak_into(fileno(f), speak), 0);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
speak_fields(void)
{
	const struct log_field fields[] = { { "request_id", "r1", 0 },
		{ "status", NULL, 503 }, { 0 } };

	log_about(fields);
	log_warn("db: %s", "a \"b\"\n");
	log_about(NULL);
	log_info("alone");
}

static void
log__fields__in_each_line_until_told_otherwise(void **state)
{
	const char *text = spoken(speak_fields), *second = strchr(text, '\n');
	int year, ms;

	(void)state;
	assert_int_equal(
	    sscanf(text, "{\"ts\":\"%d-%*d-%*dT%*d:%*d:%*d.%dZ\",", &year, &ms),
	    2);
	assert_int_equal(text[7 + 23], 'Z');
	assert_non_null(
	    strstr(text, "\"level\":\"warn\",\"program\":\"test\","));
	assert_non_null(strstr(text,
	    "\"msg\":\"db: a \\\"b\\\"\\n\",\"request_id\":\"r1\","
	    "\"status\":503}\n"));
	assert_null(strstr(second, "r1"));
	assert_non_null(strstr(second, "\"msg\":\"alone\"}\n"));
}

static void
speak_long(void)
{
	static char text[100000];
	struct log_field fields[] = { { "path", text, 0 }, { "x", text, 0 },
		{ 0 } };

	memset(text, '\001', sizeof(text) - 1);
	log_about(fields);
	log_info("%s", text);
}

static void
log__longer_than_a_line__cut_and_whole(void **state)
{
	const char *text = spoken(speak_long);
	size_t n = strlen(text);

	(void)state;
	assert_in_range(n, PIPE_BUF / 4, PIPE_BUF);
	assert_string_equal(text + n - 3, "\"}\n");
	assert_ptr_equal(strchr(text, '\n'), text + n - 1);
}

static void
speak_levels(void)
{
	log_debug("1");
	log_level(LOG_LEVEL_ERROR);
	log_warn("2");
	log_level(LOG_LEVEL_DEBUG);
	log_debug("3");
	log_level(LOG_LEVEL_ERROR);
	log_debug_toggle();
	log_debug("4");
	log_debug_toggle();
	log_debug("5");
	log_error("6");
}

static void
log__levels__the_least_or_all(void **state)
{
	static const char *const said[] = { "3", "4", "6" };
	static const char *const unsaid[] = { "1", "2", "5" };
	const char *text = spoken(speak_levels);
	char msg[32];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		snprintf(msg, sizeof(msg), "\"msg\":\"%s\"", said[i]);
		assert_non_null(strstr(text, msg));
		snprintf(msg, sizeof(msg), "\"msg\":\"%s\"", unsaid[i]);
		assert_null(strstr(text, msg));
	}
}

/* The debug switch is shared by parent and children. */
static void
speak_in_a_child(void)
{
	int go[2], status;
	pid_t pid;
	char c;

	if (pipe(go) != 0 || (pid = fork()) < 0)
		_exit(1);
	if (pid == 0) {
		if (read(go[0], &c, 1) == 1)
			log_debug("child");
		_exit(0);
	}
	log_debug_toggle();
	if (write(go[1], "x", 1) != 1 || waitpid(pid, &status, 0) != pid)
		_exit(1);
}

static void
log__debug_switched_on_by_the_parent__child_follows(void **state)
{
	(void)state;
	assert_non_null(strstr(spoken(speak_in_a_child), "\"msg\":\"child\""));
}

static int reader = -1;

/* Logs more than `reader` can hold, empties `reader`, and logs on. */
static void
speak_to_nobody(void)
{
	static char all[1 << 20];
	int i;

	for (i = 0; i < FLOOD; i++)
		log_info("line %d of those that nobody reads", i);
	fcntl(reader, F_SETFL, O_NONBLOCK);
	while (read(reader, all, sizeof(all)) > 0)
		;
	log_info("read again");
	log_info("and again");
}

/* Logging must not block, and must count the lines that it dropped. */
static void
assert_counted(int fds[2])
{
	char last[4096] = "";
	ssize_t n;

	reader = fds[0];
	assert_int_equal(speak_into(fds[1], speak_to_nobody), 0);
	n = read(fds[0], last, sizeof(last) - 1);
	assert_true(n > 0);
	last[n] = '\0';
	assert_non_null(strstr(last, "\"msg\":\"read again\",\"dropped\":"));
	assert_true(strtol(strstr(last, "dropped") + 9, NULL, 10) > 100);
	assert_non_null(strstr(last, "\"msg\":\"and again\"}\n"));
	close(fds[0]);
	close(fds[1]);
}

static void
log__pipe_nobody_reads__not_waited_for_and_counted(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_counted(fds);
	/* The pipe still blocks for other processes that share it. */
	assert_int_equal(pipe(fds), 0);
	reader = fds[0];
	assert_int_equal(speak_into(fds[1], speak_fields), 0);
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	close(fds[0]);
	close(fds[1]);
}

static void
log__socket_nobody_reads__not_waited_for_and_counted(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_counted(fds);
}

/* The pipe is another user's, so it cannot be opened a second time. */
static void
speak_as_nobody(void)
{
	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		_exit(1);
	log_open("test", LOG_LEVEL_INFO);
	speak_to_nobody();
}

static void
log__pipe_of_another_user__not_waited_for_either(void **state)
{
	int fds[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	reader = fds[0];
	if ((pid = fork()) == 0) {
		alarm(PATIENCE_S);
		dup2(fds[1], STDERR_FILENO);
		speak_as_nobody();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fds[0]);
	close(fds[1]);
}

static void
log__reader_gone__speaker_goes_on(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(speak_into(fds[1], speak_fields), 0);
	close(fds[1]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(log__fields__in_each_line_until_told_otherwise),
	cmocka_unit_test(log__longer_than_a_line__cut_and_whole),
	cmocka_unit_test(log__levels__the_least_or_all),
	cmocka_unit_test(log__debug_switched_on_by_the_parent__child_follows),
	cmocka_unit_test(log__pipe_nobody_reads__not_waited_for_and_counted),
	cmocka_unit_test(log__socket_nobody_reads__not_waited_for_and_counted),
	cmocka_unit_test(log__pipe_of_another_user__not_waited_for_either),
	cmocka_unit_test(log__reader_gone__speaker_goes_on),
};

T_MAIN(tests)
