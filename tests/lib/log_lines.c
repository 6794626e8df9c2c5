#include "log_lines.h"

#include "shell.h"
#include "stack.h"

bool
log_has(void *arg)
{
	const struct log_line *l = arg;

	return shell("test $(grep -c -e '%s' log/%s.log) -ge %d", l->pattern,
		   l->log, l->n) == 0;
}

void
log_await(const char *log, const char *fmt, ...)
{
	char pattern[1024];
	struct log_line l = { log, pattern, 1 };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(pattern, sizeof(pattern), fmt, ap);
	va_end(ap);
	stack_wait(log_has, &l, pattern);
}

bool
log_has_line(const char *log, const char *pattern)
{
	return log_has(&(struct log_line){ log, pattern, 1 });
}
