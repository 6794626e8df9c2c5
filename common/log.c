#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "rfc3339.h"

enum {
	LINE_MAX_BYTES = 8192,
	MESSAGE_MAX_BYTES = 1024
};

static const char *const names[] = { "debug", "info", "warn", "error" };
static const char *program_name = "smartcity";
static const char *request;
static enum log_level least = LOG_LEVEL_INFO;

void
log_open(const char *program, enum log_level level)
{
	program_name = program;
	least = level;
}

void
log_request(const char *request_id)
{
	request = request_id;
}

static void
put_string(struct buf *line, const char *name, const char *value)
{
	buf_printf(line, ",\"%s\":", name);
	buf_json_string(line, value, strlen(value));
}

static void PRINTF_LIKE(2, 0)
    write_line(enum log_level level, const char *fmt, va_list ap)
{
	char message[MESSAGE_MAX_BYTES], now[RFC3339_LEN + 1];
	int saved = errno;
	struct buf line;

	if (level < least)
		return;
	vsnprintf(message, sizeof(message), fmt, ap);
	rfc3339_format(clock_wall_us(), now);
	buf_init(&line, LINE_MAX_BYTES);
	buf_printf(&line, "{\"ts\":\"%s\"", now);
	put_string(&line, "level", names[level]);
	put_string(&line, "program", program_name);
	buf_printf(&line, ",\"pid\":%d", (int)getpid());
	if (request != NULL)
		put_string(&line, "request_id", request);
	put_string(&line, "msg", message);
	buf_puts(&line, "}\n");
	/* A log that cannot be written has nobody to be reported to. */
	if (!line.failed && write(STDERR_FILENO, line.data, line.len) < 0)
		errno = saved;
	buf_free(&line);
	errno = saved;
}

#define LOG_AT(name, level)                                                    \
	void log_##name(const char *fmt, ...)                                  \
	{                                                                      \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, fmt);                                             \
		write_line(level, fmt, ap);                                    \
		va_end(ap);                                                    \
	}

LOG_AT(debug, LOG_LEVEL_DEBUG)
LOG_AT(info, LOG_LEVEL_INFO)
LOG_AT(warn, LOG_LEVEL_WARN)
LOG_AT(error, LOG_LEVEL_ERROR)
