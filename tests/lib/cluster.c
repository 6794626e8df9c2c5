#include "cluster.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

#include "stack.h"

#define PROGRAMS                                                               \
	"PATH=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n "          \
	"1):$PATH; "                                                           \
	"as=; [ $(id -u) -ne 0 ] || as='setpriv --reuid postgres --regid "     \
	"postgres --init-groups'; "

static int
run(const struct cluster *c, const char *script)
{
	char *command;
	int status;

	assert_true(
	    asprintf(&command,
		"d=%s; port=%d; cd $d && " PROGRAMS "{ %s; } >>log 2>&1",
		c->dir, c->port, script) > 0);
	status = system(command);
	free(command);
	return status;
}

void
cluster_shell(const struct cluster *c, const char *script)
{
	if (run(c, script) != 0)
		fail_msg("%s/log tells why this failed: %s", c->dir, script);
}

static void
make_dir(struct cluster *c)
{
	*c = (struct cluster){ .dir = "/tmp/smartcity-pg.XXXXXX" };
	assert_non_null(mkdtemp(c->dir));
	chmod(c->dir, 0755);
	c->port = stack_free_port();
	cluster_shell(c, "[ -z \"$as\" ] || chown postgres .");
}

void
cluster_make(struct cluster *c)
{
	make_dir(c);
	cluster_shell(c,
	    "$as initdb -N -D pg -U postgres -A trust -E UTF8 "
	    "--locale C.UTF-8");
}

void
cluster_copy(struct cluster *c, const struct cluster *primary)
{
	char script[256];

	make_dir(c);
	snprintf(script, sizeof(script),
	    "$as pg_basebackup -D pg -R -c fast -h %s -p %d -U postgres",
	    primary->dir, primary->port);
	cluster_shell(c, script);
}

static bool
is_there(void *arg)
{
	return run(arg, "pg_isready -q -h $d -p $port") == 0;
}

void
cluster_start(struct cluster *c, const char *options)
{
	char *script;

	assert_true(
	    asprintf(&script,
		"cd %s && " PROGRAMS "exec $as postgres -D pg -p %d -k %s "
		"-c listen_addresses=127.0.0.1 %s >>log 2>&1",
		c->dir, c->port, c->dir, options) > 0);
	if ((c->pid = fork()) == 0) {
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	free(script);
	stack_wait(is_there, c, "the test's own PostgreSQL is ready");
}

void
cluster_stop(struct cluster *c)
{
	if (c->pid <= 0)
		return;
	kill(c->pid, SIGINT);
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
}

void
cluster_remove(struct cluster *c)
{
	char command[128];

	if (c->dir[0] == '\0')
		return;
	cluster_stop(c);
	snprintf(command, sizeof(command), "rm -rf %s", c->dir);
	assert_int_equal(system(command), 0);
	c->dir[0] = '\0';
}

void
cluster_migrate(const struct cluster *c)
{
	char *script, *url = getenv("TEST_DATABASE_URL"), *mark;

	/* The URI of the template differs only in the name of the database. */
	assert_non_null(url);
	assert_non_null(mark = strstr(url, "/postgres?"));
	assert_true(
	    asprintf(&script,
		"createdb -h $d -p $port -U postgres smartcity && "
		"pg_dump '%.*s/smartcity_template?%s' | "
		"psql -qX -v ON_ERROR_STOP=1 -h $d -p $port "
		"-U postgres smartcity",
		(int)(mark - url), url, mark + strlen("/postgres?")) > 0);
	cluster_shell(c, script);
	free(script);
}

void
cluster_open(struct cluster *c)
{
	cluster_make(c);
	cluster_start(c, "");
	cluster_migrate(c);
}

const char *
cluster_url(const struct cluster *c)
{
	static char url[128];

	snprintf(url, sizeof(url),
	    "postgresql://postgres@127.0.0.1:%d/smartcity", c->port);
	return url;
}
