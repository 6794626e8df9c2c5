#include "shell.h"

#include <sys/wait.h>

static char *beginning;

static char *print(const char *fmt, va_list ap) T_PRINTF(1, 0);

static char *
print(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		fail_msg("out of memory");
	return text;
}

void
shell_begin(const char *fmt, ...)
{
	va_list ap;

	free(beginning);
	va_start(ap, fmt);
	beginning = print(fmt, ap);
	va_end(ap);
}

static char *
command_of(const char *text)
{
	char *command;

	if (asprintf(&command, "%s\n%s", beginning != NULL ? beginning : "",
		text) < 0)
		fail_msg("out of memory");
	/* The shell writes to this stdout, too: this keeps the order. */
	fflush(NULL);
	return command;
}

static int
status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static int
run(const char *text)
{
	char *command = command_of(text);
	int status = system(command);

	free(command);
	return status_of(status);
}

int
shell(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int status;

	va_start(ap, fmt);
	text = print(fmt, ap);
	va_end(ap);
	status = run(text);
	free(text);
	return status;
}

void
shell_must(const char *fmt, ...)
{
	va_list ap;
	char *text, said[1024];
	int status;

	va_start(ap, fmt);
	text = print(fmt, ap);
	va_end(ap);
	snprintf(said, sizeof(said), "%s", text);
	status = run(text);
	free(text);
	if (status != 0)
		fail_msg("exit status %d: %s", status, said);
}

int
shell_read(char *out, size_t size, const char *fmt, ...)
{
	char *text, *command;
	va_list ap;
	size_t n;
	FILE *p;

	va_start(ap, fmt);
	text = print(fmt, ap);
	va_end(ap);
	command = command_of(text);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(out, 1, size - 1, p);
	out[n] = '\0';
	/* Reads the rest, so that the command does not die of SIGPIPE. */
	while (fgetc(p) != EOF)
		;
	free(command);
	free(text);
	return status_of(pclose(p));
}
