/* Writes each message as one line of JSON to standard output. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "sink.h"

enum {
	LINE_MAX_BYTES = 64 << 20
};

/* White space between JSON tokens may hold line feeds; within them none may. */
static void
put_on_one_line(struct buf *line, const char *json)
{
	size_t n;

	while (*json != '\0') {
		n = strcspn(json, "\r\n");
		buf_put(line, json, n);
		json += n;
		if (*json != '\0') {
			buf_putc(line, ' ');
			json++;
		}
	}
}

static void
put_string(struct buf *line, const char *name, const char *value)
{
	buf_printf(line, "\"%s\":", name);
	buf_json_string(line, value, strlen(value));
	buf_putc(line, ',');
}

static void
put_message(struct buf *line, const struct message *m)
{
	buf_putc(line, '{');
	put_string(line, "topic", m->topic);
	put_string(line, "id", m->id);
	put_string(line, "event_id", m->event_id);
	buf_printf(line, "\"attempt\":%d,\"payload\":", m->attempt);
	put_on_one_line(line, m->payload);
	buf_puts(line, "}\n");
}

static bool
write_all(const char *bytes, size_t len, size_t *written)
{
	ssize_t n;

	for (*written = 0; *written < len; *written += (size_t)n) {
		n = write(STDOUT_FILENO, bytes + *written, len - *written);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return false;
	}
	return true;
}

static enum status
publish(const struct message *m, char *error, size_t n)
{
	/* A write that failed half-way left a line that must be ended. */
	static bool torn;
	enum status status = STATUS_RETRY;
	struct buf line;
	size_t written;

	buf_init(&line, LINE_MAX_BYTES);
	if (torn)
		buf_putc(&line, '\n');
	put_message(&line, m);
	if (line.failed) {
		snprintf(error, n, "too long for a line");
	} else if (write_all(line.data, line.len, &written)) {
		torn = false;
		status = STATUS_OK;
	} else {
		torn = torn || written > 0;
		snprintf(error, n, "standard output: %s", strerror(errno));
	}
	buf_free(&line);
	return status;
}

const struct sink sink_log = {
	.name = "log",
	.publish = publish,
};
