#include "t.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anew.h"
#include "children.h"
#include "clock.h"

/*
 * This program is also the master under test ("master") and the check of a new
 * master ("--check"). All these processes report through one pipe, which ends
 * when the last of them has ended.
 */
enum {
	DEADLINE_MS = 20000,
	GRACE_MS = 3000, /* dying takes a while on a busy machine */
	COUNT = 2
};

struct event {
	pid_t pid;
	char what; /* 's': a child started; 'c': --check ran */
};

static struct {
	pid_t master;
	int fd;
} t;

static void
tell(char what)
{
	struct event event = { getpid(), what };

	if (write(atoi(getenv("T_FD")), &event, sizeof(event)) < 0)
		_exit(9);
}

/* The first letter of arg says how the child behaves. */
static int
child(void *arg, int n)
{
	const char *mode = arg;
	sigset_t term;
	int sig;

	(void)n;
	tell('s');
	if (*mode == 'c')
		return 1;
	if (*mode != 'n')
		children_ready();
	sigemptyset(&term);
	sigaddset(&term, *mode == 'd' ? SIGUSR1 : SIGTERM);
	sigwait(&term, &sig);
	return 0;
}

static void
hand_over(void *arg, bool on)
{
	(void)arg;
	(void)on;
}

static int
run_master(char **argv)
{
	const char *mode = getenv(anew_has_children() ? "T_NEXT" : "T_MODE");
	char letters[2] = { mode[0], '\0' };
	struct children children = { .count = COUNT,
		.run = child,
		.arg = letters,
		.argv = argv,
		.hand_over = hand_over,
		.grace_ms = GRACE_MS };

	return children_run(&children) == STATUS_OK ? 0 : 2;
}

static void
start(const char *mode, const char *next, const char *check)
{
	char self[256], number[16];
	int fds[2];

	setenv("T_MODE", mode, 1);
	setenv("T_NEXT", next, 1);
	setenv("T_CHECK", check, 1);
	assert_int_equal(pipe(fds), 0);
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	snprintf(number, sizeof(number), "%d", fds[1]);
	setenv("T_FD", number, 1);
	memset(self, 0, sizeof(self));
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	t.fd = fds[0];
	if ((t.master = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(self, self, "master", NULL);
		_exit(127);
	}
	close(fds[1]);
}

/* Waits for the next report; pid 0: the pipe has ended, no process is left. */
static struct event
next(void)
{
	struct pollfd p = { .fd = t.fd, .events = POLLIN };
	struct event event = { 0, 0 };

	if (poll(&p, 1, DEADLINE_MS) != 1)
		fail_msg("no process reported within 20 s");
	if (read(t.fd, &event, sizeof(event)) < 0)
		fail_msg("the pipe cannot be read");
	return event;
}

static pid_t
next_child(void)
{
	struct event event;

	while ((event = next()).what == 'c')
		;
	assert_int_equal(event.what, 's');
	return event.pid;
}

static void
assert_all_end(void)
{
	int status;

	while (next().what != 0)
		;
	close(t.fd);
	assert_int_equal(waitpid(t.master, &status, 0), t.master);
	assert_int_equal(status, 0);
}

static void
stop(int sig)
{
	kill(t.master, sig);
	assert_all_end();
}

static void
children__child_killed__another_takes_its_place(void **state)
{
	pid_t a, b, c;

	(void)state;
	start("well", "well", "good");
	a = next_child();
	b = next_child();
	kill(a, SIGKILL);
	c = next_child();
	assert_int_not_equal(c, a);
	assert_int_not_equal(c, b);
	assert_int_equal(kill(b, 0), 0);
	stop(SIGTERM);
}

static void
children__child_ends_well__another_takes_its_place(void **state)
{
	pid_t a;

	(void)state;
	start("well", "well", "good");
	a = next_child();
	next_child();
	kill(a, SIGTERM);
	assert_int_not_equal(next_child(), a);
	stop(SIGQUIT);
}

static void
children__told_to_stop__none_left(void **state)
{
	(void)state;
	start("well", "well", "good");
	next_child();
	next_child();
	stop(SIGINT);
}

static void
children__deaf_child__killed_after_the_grace(void **state)
{
	int64_t before;

	(void)state;
	start("deaf", "deaf", "good");
	next_child();
	next_child();
	before = clock_steady_ms();
	stop(SIGTERM);
	assert_true(clock_steady_ms() - before >= GRACE_MS);
}

static void
children__crash_loop__slows_down_and_goes_on(void **state)
{
	enum {
		STARTS = 7
	};
	int64_t before = clock_steady_ms();
	int i;

	(void)state;
	start("crash", "crash", "good");
	/* Three starts at once, then pauses of 50, 100, 200 ms less a fifth. */
	for (i = 0; i < COUNT * STARTS; i++)
		next_child();
	assert_true(clock_steady_ms() - before >= 280);
	stop(SIGTERM);
}

static void
children__reload__all_replaced_under_the_same_pid(void **state)
{
	pid_t old[2], new[2];
	int i;

	(void)state;
	start("well", "well", "good");
	for (i = 0; i < 2; i++)
		old[i] = next_child();
	kill(t.master, SIGHUP);
	for (i = 0; i < 2; i++)
		new[i] = next_child();
	for (i = 0; i < 4; i++)
		assert_int_not_equal(old[i / 2], new[i % 2]);
	/* The new children have the same parent, which replaces them. */
	kill(new[0], SIGKILL);
	next_child();
	stop(SIGTERM);
}

static void
children__reload_that_fails_its_check__old_ones_go_on(void **state)
{
	pid_t a, b;

	(void)state;
	start("well", "well", "bad");
	a = next_child();
	b = next_child();
	kill(t.master, SIGUSR2);
	assert_int_equal(next().what, 'c');
	assert_int_equal(kill(b, 0), 0);
	kill(a, SIGKILL);
	next_child();
	stop(SIGTERM);
}

static void
children__new_program_crashes__old_ones_serve_on(void **state)
{
	pid_t a, b;
	int i;

	(void)state;
	start("well", "crash", "good");
	a = next_child();
	b = next_child();
	kill(t.master, SIGHUP);
	for (i = 0; i < 5; i++)
		next_child();
	assert_int_equal(kill(a, 0), 0);
	assert_int_equal(kill(b, 0), 0);
	stop(SIGTERM);
}

static void
children__new_program_never_ready__old_ones_serve_on(void **state)
{
	pid_t a, b;

	(void)state;
	start("well", "never", "good");
	a = next_child();
	b = next_child();
	kill(t.master, SIGHUP);
	next_child();
	assert_int_equal(kill(a, 0), 0);
	assert_int_equal(kill(b, 0), 0);
	stop(SIGTERM);
}

static void
children__reload_after_reload__none_left_at_the_end(void **state)
{
	int i;

	(void)state;
	start("well", "well", "good");
	next_child();
	next_child();
	for (i = 0; i < 3; i++) {
		kill(t.master, SIGHUP);
		while (next().what != 'c')
			;
		next_child();
	}
	stop(SIGTERM);
}

static void
children__sigusr1__nobody_ends(void **state)
{
	pid_t a, b;

	(void)state;
	start("well", "well", "good");
	a = next_child();
	b = next_child();
	kill(t.master, SIGUSR1);
	kill(b, SIGUSR1);
	kill(a, SIGKILL);
	assert_int_not_equal(next_child(), b);
	assert_int_equal(kill(b, 0), 0);
	stop(SIGTERM);
}

static void
children__master_killed__children_end(void **state)
{
	(void)state;
	start("well", "well", "good");
	next_child();
	next_child();
	kill(t.master, SIGKILL);
	while (next().what != 0)
		;
	close(t.fd);
	waitpid(t.master, NULL, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(children__child_killed__another_takes_its_place),
	cmocka_unit_test(children__child_ends_well__another_takes_its_place),
	cmocka_unit_test(children__told_to_stop__none_left),
	cmocka_unit_test(children__deaf_child__killed_after_the_grace),
	cmocka_unit_test(children__crash_loop__slows_down_and_goes_on),
	cmocka_unit_test(children__reload__all_replaced_under_the_same_pid),
	cmocka_unit_test(children__reload_that_fails_its_check__old_ones_go_on),
	cmocka_unit_test(children__new_program_crashes__old_ones_serve_on),
	cmocka_unit_test(children__new_program_never_ready__old_ones_serve_on),
	cmocka_unit_test(children__reload_after_reload__none_left_at_the_end),
	cmocka_unit_test(children__sigusr1__nobody_ends),
	cmocka_unit_test(children__master_killed__children_end),
};

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--check") == 0) {
		tell('c');
		/* The master can kill this process: without its leak check. */
		_exit(strcmp(getenv("T_CHECK"), "good") != 0);
	}
	if (argc > 1)
		return run_master(argv);
	t_main();
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
