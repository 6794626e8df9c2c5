#include "worker.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

enum {
	HOST_LEN = 65
};

static void
get_host(char host[HOST_LEN])
{
	memset(host, 0, HOST_LEN);
	if (gethostname(host, HOST_LEN - 1) != 0)
		snprintf(host, HOST_LEN, "unknown");
}

static void
set_name(char *name, size_t n)
{
	char host[HOST_LEN];

	get_host(host);
	snprintf(name, n, "%s:%d", host, (int)getpid());
}

enum status
worker_open(struct worker *w, const struct config *config, char error[256])
{
	enum status status;

	*w = (struct worker){ .config = config };
	set_name(w->name, sizeof(w->name));
	w->db = db_new(
	    config->database_url, "smartcity-worker", config->db_timeout_ms);
	if (w->db == NULL) {
		snprintf(error, 256, "out of memory");
		return STATUS_FAULT;
	}
	db_keep_denials(w->db);
	status = net_open(&w->net, config, error);
	if (status == STATUS_OK)
		status = stream_open(&w->stream, config, w->net.http, error);
	if (status == STATUS_OK)
		status = dispatch_open(&w->dispatch, config, &w->net, error);
	/* A database that is away may come back; a wrong URL stays wrong. */
	if (status == STATUS_OK && db_connect(w->db) == STATUS_FAULT) {
		snprintf(error, 256, "DATABASE_URL: %.200s", db_reason(w->db));
		status = STATUS_REJECT;
	}
	if (status != STATUS_OK)
		worker_close(w);
	return status;
}

void
worker_close(struct worker *w)
{
	dispatch_close(w->dispatch, w->db);
	net_close(&w->net);
	stream_close(w->stream);
	db_free(w->db);
	w->db = NULL;
}

/* poll() ignores a descriptor of -1. */
int
worker_files(const struct worker *w, struct pollfd files[WORKER_FILES])
{
	const struct sink *sink;
	int i;

	files[0] = (struct pollfd){ post_fd(w->net.http), POLLIN, 0 };
	for (i = 0; (sink = sink_at(i)) != NULL; i++)
		files[i + 1] =
		    (struct pollfd){ sink->fd != NULL ? sink->fd() : -1, POLLIN,
			    0 };
	return i + 1;
}

void
worker_work(struct worker *w, const struct pollfd files[], int n)
{
	int i;

	if (files[0].revents != 0)
		post_work(w->net.http);
	for (i = 1; i < n; i++)
		if (files[i].revents != 0)
			sink_at(i - 1)->work();
}

void
worker_leave(struct worker *w)
{
	const char *const values[WORKER_LEAVE_ARGS] = {
		[WORKER_LEAVE_ARG_NAME] = w->name,
	};

	if (db_run(w->db, Q_worker_leave, values, NULL) != STATUS_OK)
		log_warn("worker: could not delete its row in the table of "
			 "workers; another worker deletes it in an hour: %s",
		    db_reason(w->db));
}

bool
worker_is_alive(const struct config *config)
{
	char host[HOST_LEN], seen[16];
	const char *const values[WORKER_ALIVE_ARGS] = {
		[WORKER_ALIVE_ARG_HOST] = host,
		[WORKER_ALIVE_ARG_SEEN_SECONDS] = seen,
	};
	struct pg_result *r = NULL;
	bool alive = false;
	struct db *db;

	get_host(host);
	snprintf(seen, sizeof(seen), "%d", config->worker_seen);
	db = db_new(
	    config->database_url, "smartcity-worker", config->db_timeout_ms);
	if (db != NULL && db_run(db, Q_worker_alive, values, &r) == STATUS_OK)
		alive = pg_is_true(r, 0, WORKER_ALIVE_IS_ALIVE);
	pg_free(r);
	db_free(db);
	return alive;
}
