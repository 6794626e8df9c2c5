#include "anew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"

/* The children's pids, "17 18 19": the environment outlives exec. */
#define CHILDREN "SMARTCITY_CHILDREN"

enum {
	CHECK_SECONDS = 20,
	CHILDREN_MAX = 1 << 17, /* bytes, Linux's limit for one variable */
};

bool
anew_is_asked(int sig)
{
	return sig == SIGHUP || sig == SIGUSR2;
}

void
anew_block(sigset_t *obeyed, sigset_t *before)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP,
		SIGUSR1, SIGUSR2 };
	size_t i;

	sigemptyset(obeyed);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(obeyed, signals[i]);
	sigprocmask(SIG_BLOCK, obeyed, before);
	signal(SIGCHLD, SIG_DFL);
}

pid_t
anew_check(char *const argv[], const sigset_t *mask)
{
	char *const check[] = { argv[0], "--check", NULL };
	pid_t pid = fork();

	if (pid < 0)
		log_error("reload: cannot fork: %s", strerror(errno));
	if (pid != 0)
		return pid;
	/* An alarm outlives exec. */
	alarm(CHECK_SECONDS);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(check[0], check);
	log_error("reload: cannot run %s: %s", check[0], strerror(errno));
	_exit(127);
}

void
anew_exec(char *const argv[], const pid_t children[], int n)
{
	struct buf pids;
	int i, error = ENOMEM;

	buf_init(&pids, CHILDREN_MAX);
	for (i = 0; i < n; i++)
		buf_printf(&pids, "%d ", (int)children[i]);
	if (!pids.failed && setenv(CHILDREN, n > 0 ? pids.data : "", 1) == 0) {
		execvp(argv[0], argv);
		error = errno;
		unsetenv(CHILDREN);
	}
	buf_free(&pids);
	errno = error;
}

bool
anew_has_children(void)
{
	return getenv(CHILDREN) != NULL;
}

enum status
anew_take_children(pid_t **pids, int *n)
{
	const char *s = getenv(CHILDREN);
	char *end;
	long pid;

	*pids = NULL;
	*n = 0;
	if (s == NULL)
		return STATUS_OK;
	*pids = calloc(strlen(s) / 2 + 1, sizeof(**pids));
	if (*pids == NULL)
		return STATUS_FAULT;
	for (; (pid = strtol(s, &end, 10)) > 0 && end != s; s = end)
		(*pids)[(*n)++] = (pid_t)pid;
	unsetenv(CHILDREN);
	return STATUS_OK;
}
