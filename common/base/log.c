#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "rfc3339.h"

enum {
	LINE_MAX_BYTES = PIPE_BUF, /* so that a pipe takes all of it or none */
	TEXT_MAX_BYTES = 1024,
	MS_LEN = 23 /* 2026-11-23T10:00:00.000 */
};

static const char *const names[] = { "debug", "info", "warn", "error" };
static const char *program_name = "smartcity";
static enum log_level least = LOG_LEVEL_INFO;
static const struct log_field *about;

/* Of this process only, until log_open() makes one that its children share. */
static atomic_bool own_switch, *all = &own_switch;

static int out = STDERR_FILENO;
static bool is_socket;
static unsigned long long dropped;

/*
 * O_NONBLOCK on the inherited pipe would hold for all processes that share its
 * open file description: hence the pipe is opened again, if that is permitted.
 */
static void
open_out(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	is_socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode))
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		out = fd;
}

void
log_open(const char *program, enum log_level level)
{
	void *shared = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	program_name = program;
	least = level;
	if (shared != MAP_FAILED)
		all = shared;
	open_out();
}

void
log_level(enum log_level level)
{
	least = level;
}

void
log_debug_toggle(void)
{
	if (atomic_load(all))
		log_info("log: debug lines off");
	atomic_store(all, !atomic_load(all));
	if (atomic_load(all))
		log_info("log: debug lines on");
}

void
log_about(const struct log_field *fields)
{
	about = fields;
}

static void
put_text(struct buf *line, const char *name, const char *value, size_t max)
{
	buf_printf(line, ",\"%s\":", name);
	buf_json_string(line, value, strnlen(value, max));
}

static void
put_number(struct buf *line, const char *name, long long number)
{
	buf_printf(line, ",\"%s\":%lld", name, number);
}

/* Texts are cut off at max bytes. */
static void
put_line(
    struct buf *line, enum log_level level, const char *message, size_t max)
{
	const struct log_field *f;
	char now[RFC3339_LEN + 1];

	rfc3339_format(clock_wall_us(), now);
	buf_printf(line, "{\"ts\":\"%.*sZ\"", MS_LEN, now);
	put_text(line, "level", names[level], max);
	put_text(line, "program", program_name, max);
	put_number(line, "pid", getpid());
	put_text(line, "msg", message, max);
	for (f = about; f != NULL && f->name != NULL; f++)
		if (f->text != NULL)
			put_text(line, f->name, f->text, max);
		else
			put_number(line, f->name, f->number);
	if (dropped > 0)
		put_number(line, "dropped", (long long)dropped);
	buf_puts(line, "}\n");
}

/* poll() reports a pipe as writable if PIPE_BUF bytes fit: no write blocks. */
static bool
write_now(const char *data, size_t n)
{
	struct pollfd p = { .fd = out, .events = POLLOUT };

	if (is_socket)
		return send(out, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		    (ssize_t)n;
	if (out == STDERR_FILENO && poll(&p, 1, 0) != 1)
		return false;
	return write(out, data, n) == (ssize_t)n;
}

static void PRINTF_LIKE(2, 0)
    write_line(enum log_level level, const char *fmt, va_list ap)
{
	char message[TEXT_MAX_BYTES + 1];
	size_t max = TEXT_MAX_BYTES;
	int saved = errno;
	struct buf line;

	if (level < least && !atomic_load(all))
		return;
	vsnprintf(message, sizeof(message), fmt, ap);
	buf_init(&line, LINE_MAX_BYTES);
	/* If the line is too long after escaping, its texts are cut shorter. */
	for (put_line(&line, level, message, max); line.failed && max > 0;) {
		buf_reset(&line);
		put_line(&line, level, message, max /= 2);
	}
	if (!line.failed && write_now(line.data, line.len))
		dropped = 0;
	else
		dropped++;
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
