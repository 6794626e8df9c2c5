#include "t.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "http.h"
#include "stack.h"

enum {
	PATIENCE_MS = 30000,
	STEP_MS = 10
};

void
stack_wait(bool (*holds)(void *), void *arg, const char *what)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;

	while (!holds(arg)) {
		if (clock_steady_ms() > end)
			fail_msg("not within 30 s: %s", what);
		poll(NULL, 0, STEP_MS);
	}
}

int
stack_free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static void
become_run(const struct stack *s, const char *const settings[])
{
	const char *build = getenv("TEST_BUILD");
	char port[16], log[96], run[PATH_MAX], programs[PATH_MAX];
	int fd;

	snprintf(port, sizeof(port), "%d", s->port);
	snprintf(log, sizeof(log), "%s/run.log", s->dir);
	fd = open(log, O_CREAT | O_WRONLY | O_APPEND, 0644);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	setenv("PORT", port, 1);
	setenv("DATA_DIR", s->dir, 1);
	setenv("DATABASE_URL", s->url, 1);
	if (realpath(build != NULL ? build : "build", programs) == NULL ||
	    realpath("nginx/run", run) == NULL)
		_exit(127);
	setenv("BUILD", programs, 1);
	/* So that nginx/run reads the test's .env, not the working tree's. */
	if (chdir(s->dir) != 0)
		_exit(127);
	for (; *settings != NULL; settings++)
		putenv((char *)(uintptr_t)*settings);
	setpgid(0, 0);
	execl(run, run, (char *)NULL);
	_exit(127);
}

static bool
is_ready_or_over(void *arg)
{
	struct stack *s = arg;
	struct http h;
	int status;

	if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
		s->pid = 0;
		return true;
	}
	h = http_get(s->port, "/ready");
	status = h.status;
	http_free(&h);
	return status == 200;
}

static void
show_log(const struct stack *s)
{
	char command[128];

	snprintf(command, sizeof(command), "tail -n 20 %s/run.log >&2", s->dir);
	if (system(command) != 0)
		fputs("no log\n", stderr);
}

void
stack_start(struct stack *s, const char *const settings[])
{
	strcpy(s->dir, "/tmp/smartcity-test.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	chmod(s->dir, 0755);
	s->url = t_database();
	s->port = stack_free_port();
	s->pid = fork();
	if (s->pid == 0)
		become_run(s, settings);
	stack_wait(is_ready_or_over, s, "the stack is ready");
	if (s->pid == 0) {
		show_log(s);
		fail_msg("nginx/run ended at once");
	}
}

static bool
is_over(void *arg)
{
	struct stack *s = arg;
	int status;

	if (waitpid(s->pid, &status, WNOHANG) != s->pid)
		return false;
	s->pid = WIFEXITED(status) ? -WEXITSTATUS(status) : -255;
	return true;
}

int
stack_pid(const struct stack *s, const char *name)
{
	char path[128];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/run/%s.pid", s->dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	return pid;
}

int
stack_child(int parent, int n)
{
	char path[64];
	int pid = 0;
	FILE *f;

	snprintf(
	    path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	for (; n >= 0; n--)
		if (fscanf(f, "%d", &pid) != 1)
			pid = 0;
	fclose(f);
	return pid;
}

struct nginx {
	int master, workers[8]; /* pids before the reload */
};

static bool
is_reloaded(void *arg)
{
	const struct nginx *old = arg;
	int i;

	if (stack_child(old->master, 0) == 0)
		return false;
	for (i = 0; i < 8; i++)
		if (old->workers[i] != 0 && kill(old->workers[i], 0) == 0)
			return false;
	return true;
}

void
stack_reload_nginx(const struct stack *s)
{
	struct nginx old = { .master = stack_pid(s, "nginx") };
	int i;

	for (i = 0; i < 8; i++)
		old.workers[i] = stack_child(old.master, i);
	assert_int_equal(kill(old.master, SIGHUP), 0);
	stack_wait(is_reloaded, &old, "nginx's old processes have ended");
}

void
stack_stop(struct stack *s)
{
	int pool = stack_pid(s, "fcgi"), worker = stack_pid(s, "worker"),
	    nginx = stack_pid(s, "nginx");
	char command[128];

	assert_int_equal(kill(s->pid, SIGTERM), 0);
	stack_wait(is_over, s, "nginx/run has stopped");
	assert_int_equal(s->pid, 0);
	assert_int_equal(kill(pool, 0), -1);
	assert_int_equal(kill(worker, 0), -1);
	assert_int_equal(kill(nginx, 0), -1);
	/* No socket and no pid file is left. */
	snprintf(command, sizeof(command),
	    "test -z \"$(find %s -type s -o -name '*.pid')\"", s->dir);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "rm -rf %s", s->dir);
	assert_int_equal(system(command), 0);
	t_drop(s->url);
}

struct expectation {
	int port, status;
	const char *target;
};

static bool
answers(void *arg)
{
	const struct expectation *e = arg;
	struct http h = http_get(e->port, e->target);
	int status = h.status;

	http_free(&h);
	return status == e->status;
}

void
stack_wait_status(const struct stack *s, const char *target, int status)
{
	struct expectation e = { s->port, status, target };

	stack_wait(answers, &e, target);
}
