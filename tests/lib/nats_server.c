#include "nats_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <nats/nats.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "sink.h"
#include "stack.h"

static char dir[256];
int nats_port;
pid_t nats_pid;
static struct net net;
natsConnection *nats_own;
jsCtx *nats_js;
int nats_done;
static const struct attempt untouched = { .timeout_ms = -1 };

static void
done(struct attempt *a)
{
	assert_ptr_not_equal(a->sink_data, &untouched);
	a->sink_data = (void *)&untouched;
	nats_done++;
}

struct attempt
nats_attempt(const char *id, const char *url, int timeout_ms)
{
	return (struct attempt){
		.message = { .id = id },
		.body = "{\"id\":1}",
		.body_len = 8,
		.url = url,
		.timeout_ms = timeout_ms,
		.done = done,
		.error = ERROR_CLASSES, /* not done */
	};
}

const char *
nats_url(const char *host, int to, const char *subject)
{
	static char url[128];

	snprintf(url, sizeof(url), "nats://%s:%d/%s", host, to, subject);
	return url;
}

/* Calls work() when fd is readable, as the worker does; for stack_wait. */
static bool
all_done(void *arg)
{
	struct pollfd p = { sink_nats.fd(), POLLIN, 0 };

	if (poll(&p, 1, 0) == 1)
		sink_nats.work();
	return nats_done >= *(int *)arg;
}

void
nats_wait_done(int n)
{
	stack_wait(all_done, &n, "the attempts are done");
	assert_int_equal(nats_done, n);
}

struct attempt
nats_deliver(const char *id, const char *url, int timeout_ms)
{
	struct attempt a = nats_attempt(id, url, timeout_ms);
	int n = nats_done + 1;

	sink_nats.start(&a);
	nats_wait_done(n);
	return a;
}

void
nats_assert_error(
    const struct attempt *a, enum error_class error, const char *detail)
{
	if (a->error == ERROR_NONE)
		fail_msg("delivered: %s", a->detail);
	assert_int_equal(a->error, error);
	if (strstr(a->detail, detail) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", detail, a->detail);
}

void
nats_assert_delivered(const struct attempt *a)
{
	if (a->error != ERROR_NONE)
		fail_msg("%d: %s", (int)a->error, a->detail);
}

void
nats_open_sink(const char *allow)
{
	struct config config = { .in_flight = 512 };
	char error[256];

	snprintf(
	    config.delivery_allow, sizeof(config.delivery_allow), "%s", allow);
	net_close(&net);
	assert_int_equal(net_open(&net, &config, error), STATUS_OK);
	assert_int_equal(sink_nats.open(&config, &net, error), STATUS_OK);
}

int
nats_listen_at(int *at_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*at_port = ntohs(at.sin_port);
	return fd;
}

int
nats_free_port(void)
{
	int at_port, fd = nats_listen_at(&at_port);

	close(fd);
	return at_port;
}

static void
become_server(void)
{
	char path[sizeof(dir) + 8], number[16];
	int fd;

	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(number, sizeof(number), "%d", nats_port);
	fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0644);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* ends with the test */
	execlp("nats-server", "nats-server", "-a", "0.0.0.0", "-p", number,
	    "-js", "-sd", dir, NULL);
	_exit(127);
}

static bool
connects(void *arg)
{
	char url[64];

	(void)arg;
	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", nats_port);
	return natsConnection_ConnectTo(&nats_own, url) == NATS_OK;
}

static void
connect_test(void)
{
	stack_wait(connects, NULL, "nats-server answers");
	assert_int_equal(
	    natsConnection_JetStream(&nats_js, nats_own, NULL), NATS_OK);
}

void
nats_start_server(void)
{
	nats_pid = fork();
	if (nats_pid == 0)
		become_server();
	connect_test();
}

void
nats_disconnect(void)
{
	jsCtx_Destroy(nats_js);
	natsConnection_Destroy(nats_own);
	nats_js = NULL;
	nats_own = NULL;
}

void
nats_end_server(int sig)
{
	nats_disconnect();
	kill(nats_pid, sig);
	waitpid(nats_pid, NULL, 0);
	nats_pid = 0;
}

static void
make_stream(const char *name, const char *subject, int64_t max)
{
	const char *subjects[] = { subject };
	jsStreamConfig c;
	jsErrCode code;

	jsStreamConfig_Init(&c);
	c.Name = name;
	c.Subjects = subjects;
	c.SubjectsLen = 1;
	c.MaxMsgs = max;
	c.Discard = js_DiscardNew;
	assert_int_equal(js_AddStream(NULL, nats_js, &c, NULL, &code), NATS_OK);
}

uint64_t
nats_stored(const char *stream)
{
	jsStreamInfo *info;
	uint64_t n;

	assert_int_equal(
	    js_GetStreamInfo(&info, nats_js, stream, NULL, NULL), NATS_OK);
	n = info->State.Msgs;
	jsStreamInfo_Destroy(info);
	return n;
}

static int
remove_it(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int
nats_group_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(
	    dir, sizeof(dir), "%s/nats-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	nats_port = nats_free_port();
	nats_start_server();
	make_stream("CITY", "city.>", -1);
	make_stream("FULL", "full", 1);
	nats_disconnect();
	return 0;
}

int
nats_group_teardown(void **state)
{
	(void)state;
	nats_end_server(SIGTERM);
	nats_CloseAndWait(TIMEOUT_MS);
	return nftw(dir, remove_it, 8, FTW_DEPTH | FTW_PHYS);
}

int
nats_setup(void **state)
{
	(void)state;
	nats_done = 0;
	connect_test();
	nats_open_sink("loopback");
	return 0;
}

int
nats_teardown(void **state)
{
	(void)state;
	kill(nats_pid, SIGCONT);
	nats_disconnect();
	sink_nats.close();
	return 0;
}

void
nats_start_on_stopped_server(
    struct attempt *a, int n, const char *url, int timeout)
{
	struct attempt first = nats_deliver(url, url, TIMEOUT_MS);
	int i;

	nats_assert_delivered(&first);
	nats_done = 0;
	kill(nats_pid, SIGSTOP);
	assert_int_equal(waitpid(nats_pid, NULL, WUNTRACED), nats_pid);
	for (i = 0; i < n; i++) {
		a[i] = nats_attempt("held", url, timeout);
		sink_nats.start(&a[i]);
	}
}
