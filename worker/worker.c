#include "worker.h"

#include <stdio.h>
#include <unistd.h>

#include "log.h"

static void
set_name(char *name, size_t n)
{
	char host[65] = "";

	if (gethostname(host, sizeof(host) - 1) != 0)
		snprintf(host, sizeof(host), "unknown");
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
	status = stream_open(&w->stream, config, error);
	if (status == STATUS_OK)
		status = dispatch_open(&w->dispatch, config, error);
	if (status != STATUS_OK) {
		stream_close(w->stream);
		db_free(w->db);
	}
	return status;
}

void
worker_leave(struct worker *w)
{
	const char *const values[] = { w->name };

	if (db_run(w->db, Q_worker_leave, 1, values, NULL) != STATUS_OK)
		log_warn("worker: could not take its leave; it will be "
			 "forgotten in an hour");
}

void
worker_close(struct worker *w)
{
	dispatch_close(w->dispatch, w->db);
	stream_close(w->stream);
	db_free(w->db);
	w->db = NULL;
}
