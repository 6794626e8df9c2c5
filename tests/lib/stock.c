#include "stock.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "shell.h"

static bool
answers(void *arg)
{
	const struct stock *o = arg;
	struct http h = http_get(o->port, "/");
	int status = h.status;

	http_free(&h);
	return status == 200;
}

void
stock_start(struct stock *o, const struct stack *s, const char *section,
    const char *edit)
{
	char conf[128];

	o->port = stack_free_port();
	snprintf(o->dir, sizeof(o->dir), "%s/stock.XXXXXX", s->dir);
	assert_non_null(mkdtemp(o->dir));
	snprintf(conf, sizeof(conf), "%s/nginx.conf", o->dir);
	shell_must(
	    "chmod 755 %s; tests/stock-nginx %s %d %s/run/sockets '%s' && "
	    "sed -i -e '%s' %s/*.conf %s/sites-available/default && "
	    "PATH=$PATH:/usr/sbin nginx -t -q -c %s",
	    o->dir, o->dir, o->port, s->dir, section, edit, o->dir, o->dir,
	    conf);
	if ((o->pid = fork()) == 0) {
		/* Ends nginx even if a failed test never calls stock_stop(). */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin", 1);
		execlp("nginx", "nginx", "-c", conf, "-g", "daemon off;",
		    (char *)NULL);
		_exit(127);
	}
	stack_wait(answers, o, "Debian's nginx serves its own page");
}

void
stock_stop(struct stock *o)
{
	int status;

	assert_int_equal(kill(o->pid, SIGTERM), 0);
	assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
}
