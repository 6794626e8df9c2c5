#include "children.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anew.h"
#include "backoff.h"
#include "clock.h"
#include "log.h"
#include "notify.h"

enum {
	NUDGE_MS = 500,     /* pause between two SIGTERMs when stopping */
	SETTLED_MS = 10000, /* a life this long cancels former crashes */
	AT_ONCE = 3,        /* crashes in a row that cause no pause */
};

static const struct backoff restart = { 50, 5000, 20 };

struct slot {
	pid_t pid; /* 0: none */
	bool ready;
	int failures; /* crashes in a row */
	int64_t started;
	int64_t start_at;
};

/* A child of the former program, taken over from it. */
struct old {
	pid_t pid;
	bool leaving; /* SIGTERM was sent to it */
};

struct pool {
	const struct children *spec;
	struct slot *slots;
	struct old *olds;
	int n_olds;
	pid_t check; /* of `program --check`; 0 or -1: none runs */
	bool stopping;
	int64_t nudge_at, kill_at;
	sigset_t before; /* signal mask at the start */
};

static pid_t master;

void
children_ready(void)
{
	/* If the master has just died, the parent is another process. */
	if (master != 0 && getppid() == master)
		sigqueue(master, SIGRTMIN, (union sigval){ 0 });
}

static void
tell_end(const struct pool *p, pid_t pid, int status)
{
	if (p->spec->ended != NULL)
		p->spec->ended(p->spec->arg, pid, status);
}

/* Takes over the old children; skips pids that are no longer children. */
static enum status
adopt(struct pool *p)
{
	int i, n, status;
	pid_t *pids, ended;

	if (!anew_has_children())
		return STATUS_OK;
	if (anew_take_children(&pids, &n) != STATUS_OK)
		return STATUS_FAULT;
	p->olds = calloc((size_t)n + 1, sizeof(*p->olds));
	for (i = 0; p->olds != NULL && i < n; i++) {
		ended = waitpid(pids[i], &status, WNOHANG);
		if (ended == 0)
			p->olds[p->n_olds++].pid = pids[i];
		else if (ended == pids[i])
			tell_end(p, ended, status);
	}
	free(pids);
	log_info("children: %d taken over", p->n_olds);
	return p->olds != NULL ? STATUS_OK : STATUS_FAULT;
}

static void
after_crash(struct slot *s, int64_t now)
{
	uint32_t random = (uint32_t)clock_wall_us();

	s->failures++;
	s->start_at = now + backoff_ms(&restart, s->failures - AT_ONCE, random);
}

static void
start(struct pool *p, struct slot *s, int64_t now)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != master)
			exit(0);
		exit(p->spec->run(p->spec->arg, (int)(s - p->slots)));
	}
	s->ready = false;
	s->started = now;
	if (pid > 0) {
		s->pid = pid;
		return;
	}
	log_error("children: cannot fork: %s", strerror(errno));
	after_crash(s, now);
}

/*
 * Starts the missing children that are due; while there are old children, one
 * at a time. Returns when the next child is due, or -1.
 */
static int64_t
fill(struct pool *p, int64_t now)
{
	int64_t next = -1;
	struct slot *s;

	for (s = p->slots; s < p->slots + p->spec->count; s++) {
		if (s->pid == 0 && s->start_at <= now)
			start(p, s, now);
		if (s->pid == 0 && (next < 0 || s->start_at < next))
			next = s->start_at;
		if (p->n_olds > 0 && !s->ready)
			break;
	}
	return next;
}

/*
 * Keeps as many old children as there are new ones that do not serve yet: the
 * last ones, because the new children start in the same order, and each
 * replaces the old child of its place.
 */
static void
retire(struct pool *p)
{
	int i, keep = 0;

	for (i = 0; i < p->spec->count; i++)
		keep += !p->slots[i].ready;
	for (i = p->n_olds - 1; i >= 0; i--) {
		if (p->olds[i].leaving || keep-- > 0)
			continue;
		kill(p->olds[i].pid, SIGTERM);
		p->olds[i].leaving = true;
	}
}

static struct slot *
find(struct pool *p, pid_t pid)
{
	int i;

	for (i = 0; i < p->spec->count; i++)
		if (p->slots[i].pid == pid)
			return &p->slots[i];
	return NULL;
}

static void
ready(struct pool *p, pid_t pid)
{
	struct slot *s = find(p, pid);

	if (s == NULL)
		return;
	s->ready = true;
	log_debug("children: %d is ready", (int)pid);
	notify("READY=1");
	retire(p);
}

static void
kill_all(struct pool *p, int sig)
{
	int i;

	for (i = 0; i < p->spec->count; i++)
		if (p->slots[i].pid > 0)
			kill(p->slots[i].pid, sig);
	for (i = 0; i < p->n_olds; i++)
		kill(p->olds[i].pid, sig);
}

static void
stop(struct pool *p)
{
	if (p->stopping)
		return;
	log_info("children: stopping");
	notify("STOPPING=1");
	p->stopping = true;
	p->kill_at = clock_steady_ms() + p->spec->grace_ms;
	if (p->check > 0)
		kill(p->check, SIGKILL);
}

/* Sends SIGTERM again: a child that missed it must not hold up the stop. */
static int64_t
nudge(struct pool *p, int64_t now)
{
	if (now >= p->nudge_at) {
		if (now >= p->kill_at)
			log_warn("children: killed what did not stop");
		kill_all(p, now >= p->kill_at ? SIGKILL : SIGTERM);
		p->nudge_at = now + NUDGE_MS;
	}
	if (p->nudge_at > p->kill_at && now < p->kill_at)
		p->nudge_at = p->kill_at;
	return p->nudge_at;
}

static bool
any_left(const struct pool *p)
{
	int i;

	for (i = 0; i < p->spec->count; i++)
		if (p->slots[i].pid > 0)
			return true;
	return p->n_olds > 0;
}

static void
reload(struct pool *p)
{
	if (p->stopping || p->check > 0 || p->spec->argv == NULL)
		return;
	p->check = anew_check(p->spec->argv, &p->before);
}

static void
start_anew(struct pool *p)
{
	pid_t *pids =
	    calloc((size_t)(p->spec->count + p->n_olds) + 1, sizeof(*pids));
	int i, n = 0;

	for (i = 0; pids != NULL && i < p->spec->count; i++)
		if (p->slots[i].pid > 0)
			pids[n++] = p->slots[i].pid;
	for (i = 0; pids != NULL && i < p->n_olds; i++)
		pids[n++] = p->olds[i].pid;
	if (pids != NULL) {
		p->spec->hand_over(p->spec->arg, true);
		anew_exec(p->spec->argv, pids, n);
		p->spec->hand_over(p->spec->arg, false);
	}
	log_error("children: cannot start anew: %s", strerror(errno));
	free(pids);
}

static void
checked(struct pool *p, int status)
{
	p->check = 0;
	if (p->stopping)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		start_anew(p);
	else
		log_error("children: no reload: --check failed");
}

static void
log_end(pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		log_error("children: %d died of signal %d", (int)pid,
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		log_error("children: %d failed with status %d", (int)pid,
		    WEXITSTATUS(status));
}

static void
slot_ended(struct slot *s, int status)
{
	int64_t now = clock_steady_ms();

	if (now - s->started >= SETTLED_MS)
		s->failures = 0;
	s->pid = 0;
	s->start_at = now;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && s->ready)
		s->failures = 0;
	else
		after_crash(s, now);
	s->ready = false;
}

static void
ended(struct pool *p, pid_t pid, int status)
{
	struct slot *s = find(p, pid);
	int i;

	if (pid == p->check) {
		checked(p, status);
		return;
	}
	log_end(pid, status);
	tell_end(p, pid, status);
	if (s != NULL)
		slot_ended(s, status);
	for (i = 0; i < p->n_olds; i++)
		if (p->olds[i].pid == pid)
			memmove(&p->olds[i], &p->olds[i + 1],
			    (size_t)(--p->n_olds - i) * sizeof(*p->olds));
}

static void
reap(struct pool *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ended(p, pid, status);
}

/* Waits until a signal or the time `until` comes; -1: only for a signal. */
static void
await(struct pool *p, int64_t until)
{
	int64_t left = until - clock_steady_ms();
	struct timespec t = { 0, 0 };
	siginfo_t info;
	sigset_t set;
	int sig;

	if (left > 0) {
		t.tv_sec = (time_t)(left / 1000);
		t.tv_nsec = (long)(left % 1000) * 1000000;
	}
	sigprocmask(SIG_SETMASK, NULL, &set);
	sig = until < 0 ? sigwaitinfo(&set, &info)
			: sigtimedwait(&set, &info, &t);
	if (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT)
		stop(p);
	else if (anew_is_asked(sig))
		reload(p);
	else if (sig == SIGUSR1)
		log_debug_toggle(); /* also the children's debug lines */
	else if (sig == SIGRTMIN)
		ready(p, info.si_pid);
	else if (sig == SIGCHLD)
		reap(p);
}

enum status
children_run(const struct children *spec)
{
	struct pool p = { .spec = spec };
	int64_t now, next;
	sigset_t more;

	master = getpid();
	p.slots = calloc((size_t)spec->count, sizeof(*p.slots));
	if (p.slots == NULL)
		return STATUS_FAULT;
	anew_block(&more, &p.before);
	sigemptyset(&more);
	sigaddset(&more, SIGCHLD);
	sigaddset(&more, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &more, NULL);
	if (adopt(&p) != STATUS_OK) {
		free(p.slots);
		return STATUS_FAULT;
	}
	/* A child that ended during the exec may have left no SIGCHLD. */
	reap(&p);
	while (!p.stopping || any_left(&p)) {
		now = clock_steady_ms();
		next = p.stopping ? nudge(&p, now) : fill(&p, now);
		await(&p, next);
	}
	sigprocmask(SIG_SETMASK, &p.before, NULL);
	free(p.slots);
	free(p.olds);
	return STATUS_OK;
}
