#include "worker_process.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "receiver.h"
#include "stack.h"

struct receiver worker_receiver;

int
worker_open_all(void **state)
{
	database_make(state);
	receiver_start(&worker_receiver);
	return 0;
}

int
worker_close_all(void **state)
{
	receiver_stop(&worker_receiver);
	database_drop(state);
	return 0;
}

int
worker_empty(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, deliveries, delivery_attempts,"
	    " subscriptions, workers");
	return 0;
}

void
worker_subscribe(const char *path)
{
	t_exec(url,
	    "INSERT INTO subscriptions (id, topic, url, secret) VALUES"
	    " (gen_random_uuid(), 'event.*', 'http://127.0.0.1:%d%s',"
	    " 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')",
	    worker_receiver.port, path);
}

void
worker_put(int n)
{
	t_exec(url,
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload)"
	    " SELECT " NEW_ID ", 'event.energy', '{}'"
	    " FROM generate_series(1, %d) RETURNING id)"
	    " INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT m.id, s.id FROM m, subscriptions AS s",
	    n);
}

struct program
worker_start(const char *to, const char *argument)
{
	const char *build = getenv("TEST_BUILD");
	struct program p = { .out = tmpfile() };
	char path[256];

	assert_non_null(p.out);
	snprintf(path, sizeof(path), "%s/smartcity-worker",
	    build != NULL ? build : "build");
	p.pid = fork();
	if (p.pid != 0)
		return p;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* ends with the test */
	dup2(fileno(p.out), STDOUT_FILENO);
	dup2(fileno(p.out), STDERR_FILENO);
	setenv("DATABASE_URL", to, 1);
	setenv("OUTBOX_POLL_SECONDS", "0.05", 1);
	setenv("SMARTCITY_DELIVERY_ALLOW",
	    getenv("SMARTCITY_DELIVERY_ALLOW")
		? getenv("SMARTCITY_DELIVERY_ALLOW")
		: "loopback",
	    1);
	execl(path, path, argument, (char *)NULL);
	_exit(127);
}

int
worker_end(struct program *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool
worker_wrote(struct program *p, const char *text)
{
	static char all[65536];
	size_t n;

	rewind(p->out);
	n = fread(all, 1, sizeof(all) - 1, p->out);
	all[n] = '\0';
	fclose(p->out);
	return strstr(all, text) != NULL;
}

bool
worker_is_all_delivered(void *arg)
{
	(void)arg;
	return t_number(url,
		   "SELECT count(*) FROM deliveries"
		   " WHERE status <> 'delivered'") == 0;
}

bool
worker_is_seen(void *arg)
{
	(void)arg;
	return t_number(url, "SELECT count(*) FROM workers") > 0;
}

int
worker_count_written(const struct program *p, const char *text)
{
	static char all[65536];
	ssize_t len = pread(fileno(p->out), all, sizeof(all) - 1, 0);
	const char *at = all;
	int n;

	all[len > 0 ? len : 0] = '\0';
	for (n = 0; (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

struct words {
	const struct program *p;
	const char *text;
	int n;
};

static bool
are_written(void *arg)
{
	const struct words *w = arg;

	return worker_count_written(w->p, w->text) >= w->n;
}

void
worker_await_words(const struct program *p, const char *text, int n)
{
	struct words w = { p, text, n };

	stack_wait(are_written, &w, text);
}

void
worker_stop(struct program *p)
{
	kill(p->pid, SIGTERM);
	assert_int_equal(worker_end(p), 0);
	fclose(p->out);
}

bool
worker_is_under_way(void *arg)
{
	return receiver_count(&worker_receiver, arg) > 0;
}
