#include "t.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listener.h"

static char dir[32], path[64];

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/listener-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/s", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct listener
open_at(const char *address)
{
	struct listener l;
	char error[256];

	if (listener_open(&l, address, error) != STATUS_OK)
		fail_msg("%s", error);
	return l;
}

static void
assert_refused(const char *address, const char *why)
{
	struct listener l;
	char error[256];

	assert_int_equal(listener_open(&l, address, error), STATUS_REJECT);
	assert_non_null(strstr(error, why));
	assert_int_equal(l.fd, -1);
}

static int
connect_to(const char *to)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int rc, fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(sun.sun_path, to);
	rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	close(fd);
	return rc;
}

static void
listener__path__socket_for_owner_and_group(void **state)
{
	struct listener l = open_at(path);
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(connect_to(path), 0);
	listener_close(&l);
	assert_int_equal(stat(path, &st), -1);
}

static void
listener__any__neither_blocks_nor_waits_for_ever(void **state)
{
	struct listener l = open_at("127.0.0.1:0");
	struct timeval t;
	socklen_t len = sizeof(t);

	(void)state;
	assert_true(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(
	    getsockopt(l.fd, SOL_SOCKET, SO_RCVTIMEO, &t, &len), 0);
	assert_int_equal(t.tv_sec, 2);
	listener_close(&l);
}

static void
listener__stale_socket__replaced(void **state)
{
	struct listener dead = open_at(path), l;

	(void)state;
	close(dead.fd);
	assert_int_equal(connect_to(path), -1);
	l = open_at(path);
	assert_int_equal(connect_to(path), 0);
	listener_close(&l);
}

static void
listener__live_socket__refused_and_left_alone(void **state)
{
	struct listener l = open_at(path);

	(void)state;
	assert_refused(path, "already in use");
	assert_int_equal(connect_to(path), 0);
	listener_close(&l);
}

static void
listener__plain_file__refused_and_left_alone(void **state)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_refused(path, "already in use");
	assert_int_equal(access(path, F_OK), 0);
}

static void
listener__replaced_since__not_removed(void **state)
{
	struct listener l = open_at(path), other;

	(void)state;
	unlink(path);
	other = open_at(path);
	listener_close(&l);
	assert_int_equal(connect_to(path), 0);
	listener_close(&other);
}

static void
listener__host_and_port__accepts(void **state)
{
	struct listener l = open_at("127.0.0.1:0");
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(getsockname(l.fd, (struct sockaddr *)&sin, &len), 0);
	assert_int_equal(ntohl(sin.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, len), 0);
	close(fd);
	listener_close(&l);
}

static void
listener__port_alone__every_address(void **state)
{
	struct listener l = open_at(":0");

	(void)state;
	assert_true(l.fd >= 0);
	listener_close(&l);
}

static void
listener__v6_in_brackets__understood(void **state)
{
	struct listener l;
	char error[256] = "";

	(void)state;
	/* Not every machine has IPv6, but the address is always parsed. */
	if (listener_open(&l, "[::1]:0", error) != STATUS_OK)
		assert_non_null(strstr(error, "assign"));
	listener_close(&l);
}

static void
listener__port_taken__refused(void **state)
{
	struct listener l = open_at("127.0.0.1:0");
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char address[32];

	(void)state;
	assert_int_equal(getsockname(l.fd, (struct sockaddr *)&sin, &len), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(sin.sin_port));
	assert_refused(address, "in use");
	listener_close(&l);
}

static void
listener__no_address__refused(void **state)
{
	static const char *const addresses[] = { "", "9000", "host",
		"host:", "::1:9000", "[::1]" };
	char large[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		assert_refused(addresses[i], "neither");
	memset(large, '/', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	assert_refused(large, "too long");
	assert_refused("/nonexistent/s", "No such file");
}

static void
listener__inherited_as_fd_0__moved_away_from_it(void **state)
{
	struct listener l = open_at(path), found;
	int before = dup(STDIN_FILENO);
	struct stat st, null;

	(void)state;
	dup2(l.fd, STDIN_FILENO);
	assert_true(listener_inherit(&found, LISTENER_POOL));
	assert_true(found.fd > STDERR_FILENO);
	assert_string_equal(found.path, "");
	fstat(STDIN_FILENO, &st);
	stat("/dev/null", &null);
	assert_int_equal(st.st_rdev, null.st_rdev);
	dup2(before, STDIN_FILENO);
	close(before);
	/* An inherited socket is not removed. */
	listener_close(&found);
	assert_int_equal(access(path, F_OK), 0);
	listener_close(&l);
}

static void
listener__plain_fd_0__not_inherited(void **state)
{
	int before = dup(STDIN_FILENO), null = open("/dev/null", O_RDONLY);
	struct listener l;

	(void)state;
	dup2(null, STDIN_FILENO);
	assert_false(listener_inherit(&l, LISTENER_POOL));
	assert_int_equal(l.fd, -1);
	dup2(before, STDIN_FILENO);
	close(before);
	close(null);
}

static void
listener__passed_by_systemd__inherited(void **state)
{
	struct listener l = open_at(path), found;
	char pid[16];
	int status;

	(void)state;
	if (fork() == 0) {
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
		dup2(l.fd, 3);
		_exit(listener_inherit(&found, LISTENER_POOL) && found.fd == 3
			? 0
			: 1);
	}
	wait(&status);
	assert_int_equal(status, 0);
	listener_close(&l);
}

static void
listener__two_passed_by_systemd__second_is_for_status(void **state)
{
	struct listener l = open_at(path), pool, other;
	char pid[16];
	int status;

	(void)state;
	if (fork() == 0) {
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
		dup2(l.fd, 3);
		dup2(l.fd, 4);
		if (listener_inherit(&other, LISTENER_STATUS))
			_exit(1);
		setenv("LISTEN_FDS", "2", 1);
		_exit(listener_inherit(&pool, LISTENER_POOL) && pool.fd == 3 &&
			    listener_inherit(&other, LISTENER_STATUS) &&
			    other.fd == 4
			? 0
			: 2);
	}
	wait(&status);
	assert_int_equal(status, 0);
	listener_close(&l);
}

static void
listener__handed_over__same_socket_still_ours(void **state)
{
	struct listener l = open_at(path), found;

	(void)state;
	listener_hand_over(&l, LISTENER_POOL, true);
	assert_false(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(listener_inherit(&found, LISTENER_POOL));
	assert_int_equal(found.fd, l.fd);
	assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	assert_null(getenv("SMARTCITY_LISTENER"));
	listener_close(&found);
	assert_int_equal(access(path, F_OK), -1);
}

static void
listener__hand_over_taken_back__nothing_to_inherit(void **state)
{
	struct listener l = open_at(path);

	(void)state;
	listener_hand_over(&l, LISTENER_POOL, true);
	listener_hand_over(&l, LISTENER_POOL, false);
	assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	assert_null(getenv("SMARTCITY_LISTENER"));
	listener_close(&l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(listener__path__socket_for_owner_and_group),
	TEST(listener__any__neither_blocks_nor_waits_for_ever),
	TEST(listener__stale_socket__replaced),
	TEST(listener__live_socket__refused_and_left_alone),
	TEST(listener__plain_file__refused_and_left_alone),
	TEST(listener__replaced_since__not_removed),
	TEST(listener__host_and_port__accepts),
	TEST(listener__port_alone__every_address),
	TEST(listener__v6_in_brackets__understood),
	TEST(listener__port_taken__refused),
	TEST(listener__no_address__refused),
	TEST(listener__inherited_as_fd_0__moved_away_from_it),
	TEST(listener__plain_fd_0__not_inherited),
	TEST(listener__passed_by_systemd__inherited),
	TEST(listener__two_passed_by_systemd__second_is_for_status),
	TEST(listener__handed_over__same_socket_still_ours),
	TEST(listener__hand_over_taken_back__nothing_to_inherit),
};

T_MAIN(tests)
