#include "t.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

static char dir[32], path[64];
static int manager;

/* Makes a service manager's socket; a name "@…" is an abstract address. */
static int
listen_at(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(sun.sun_path, name);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    strlen(name))),
	    0);
	return fd;
}

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/notify-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/s", dir);
	manager = listen_at(path);
	return setenv("NOTIFY_SOCKET", path, 1);
}

static int
teardown(void **state)
{
	(void)state;
	close(manager);
	unlink(path);
	unsetenv("NOTIFY_SOCKET");
	return rmdir(dir);
}

static void
assert_told(int fd, const char *what)
{
	char text[64] = "";

	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, what);
	/* One datagram, and nothing after it. */
	assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), -1);
}

static void
notify__socket_named__told(void **state)
{
	(void)state;
	notify("READY=1");
	assert_told(manager, "READY=1");
	notify("STOPPING=1");
	assert_told(manager, "STOPPING=1");
}

static void
notify__abstract_socket__told(void **state)
{
	char name[sizeof(path) + 1];
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "@%s", path);
	fd = listen_at(name);
	setenv("NOTIFY_SOCKET", name, 1);
	notify("READY=1");
	assert_told(fd, "READY=1");
	close(fd);
}

/* Asserts what notify logs if NOTIFY_SOCKET is `name`. */
static void
assert_logs(const char *name, const char *text)
{
	int pipes[2], before = dup(STDERR_FILENO);
	char line[1024] = "";
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	dup2(pipes[1], STDERR_FILENO);
	notify("READY=1");
	dup2(before, STDERR_FILENO);
	close(before);
	close(pipes[1]);
	n = read(pipes[0], line, sizeof(line) - 1);
	close(pipes[0]);
	assert_true(n > 0);
	assert_non_null(strstr(line, text));
}

static void
notify__nobody_there__logged(void **state)
{
	char large[200];

	(void)state;
	assert_logs("/nonexistent/s", "No such file");
	memset(large, '/', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	assert_logs(large, "too long");
}

static void
notify__no_manager__nothing_done(void **state)
{
	char text[8];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify("READY=1");
	assert_int_equal(recv(manager, text, sizeof(text), 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(notify__socket_named__told),
	TEST(notify__abstract_socket__told),
	TEST(notify__nobody_there__logged),
	TEST(notify__no_manager__nothing_done),
};

T_MAIN(tests)
