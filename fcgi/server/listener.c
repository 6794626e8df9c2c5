#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* Values: the descriptor, a space, the path if this pool made the socket. */
static const char *const inherit_names[] = {
	[LISTENER_POOL] = "SMARTCITY_LISTENER",
	[LISTENER_STATUS] = "SMARTCITY_STATUS_LISTENER",
};

enum {
	BACKLOG = 1024,
	ERROR_LEN = 256,
	FD_FIRST = 3
};

static bool
is_listening(int fd)
{
	int on = 0;
	socklen_t len = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

/*
 * Non-blocking: a child must not wait in accept() if another one was faster.
 * Accepted TCP sockets inherit the timeout; Unix sockets do not, but only the
 * web server can connect to them.
 */
static void
use(struct listener *l, int fd)
{
	struct timeval silence = { LISTENER_SILENCE, 0 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	l->fd = fd;
}

/* Notes the socket's file, for listener_close() to remove. */
static void
own(struct listener *l, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	snprintf(l->path, sizeof(l->path), "%s", path);
	l->device = st.st_dev;
	l->inode = st.st_ino;
}

static bool
inherit_own(struct listener *l, enum listener_use use_as)
{
	const char *s = getenv(inherit_names[use_as]);
	char *path;
	int fd;

	if (s == NULL)
		return false;
	fd = (int)strtol(s, &path, 10);
	if (is_listening(fd)) {
		use(l, fd);
		if (path[0] == ' ' && path[1] != '\0')
			own(l, path + 1);
	}
	unsetenv(inherit_names[use_as]);
	return l->fd >= 0;
}

static bool
inherit_systemd(struct listener *l, enum listener_use use_as)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	int fd = FD_FIRST + (int)use_as;

	if (pid == NULL || n == NULL ||
	    (strcmp(n, "1") != 0 && strcmp(n, "2") != 0) ||
	    strtol(n, NULL, 10) <= (long)use_as ||
	    strtol(pid, NULL, 10) != (long)getpid() || !is_listening(fd))
		return false;
	use(l, fd);
	return true;
}

/* Moves the socket away from descriptor 0: nothing must read it as stdin. */
static bool
inherit_stdin(struct listener *l)
{
	int fd, null;

	if (!is_listening(STDIN_FILENO))
		return false;
	if ((fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, FD_FIRST)) < 0)
		return false;
	if ((null = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	use(l, fd);
	return true;
}

bool
listener_inherit(struct listener *l, enum listener_use use_as)
{
	*l = (struct listener){ .fd = -1 };
	return inherit_own(l, use_as) || inherit_systemd(l, use_as) ||
	    (use_as == LISTENER_POOL && inherit_stdin(l));
}

static enum status
refuse(char *error, const char *address, const char *why)
{
	snprintf(error, ERROR_LEN, "cannot listen on %.120s: %s", address, why);
	return STATUS_REJECT;
}

/* Removes a socket's file that nobody listens on: a crash left it behind. */
static bool
remove_stale(const struct sockaddr_un *sun)
{
	int e, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return false;
	e = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0
	    ? EADDRINUSE
	    : errno;
	close(fd);
	/* Connecting to a plain file is refused too. */
	if (e == ECONNREFUSED && lstat(sun->sun_path, &st) == 0 &&
	    S_ISSOCK(st.st_mode))
		return unlink(sun->sun_path) == 0;
	return e == ENOENT;
}

static enum status
open_path(struct listener *l, const char *path, char *error)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, bound;
	mode_t before;

	if (strlen(path) >= sizeof(sun.sun_path))
		return refuse(error, path, "the path is too long");
	strcpy(sun.sun_path, path);
	if (!remove_stale(&sun))
		return refuse(error, path,
		    errno == EACCES ? strerror(errno) : "already in use");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse(error, path, strerror(errno));
	before = umask(0117);
	bound = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(before);
	if (bound != 0 || listen(fd, BACKLOG) != 0) {
		refuse(error, path, strerror(errno));
		close(fd);
		return STATUS_REJECT;
	}
	own(l, path);
	use(l, fd);
	return STATUS_OK;
}

static int
listen_on(const struct addrinfo *a)
{
	int on = 1, saved,
	    fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Splits "host:port" or "[v6]:port", returns the port; NULL: it is neither. */
static char *
split(char **host)
{
	char *port = strrchr(*host, ':');
	size_t n;

	if (port == NULL || port[1] == '\0')
		return NULL;
	*port = '\0';
	n = strlen(*host);
	if (n >= 2 && **host == '[' && (*host)[n - 1] == ']') {
		(*host)[n - 1] = '\0';
		(*host)++;
	} else if (strchr(*host, ':') != NULL) {
		return NULL;
	}
	return port + 1;
}

static enum status
open_tcp(struct listener *l, const char *address, char *error)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE,
		.ai_socktype = SOCK_STREAM },
			*list, *a;
	char text[ERROR_LEN], *host = text, *port;
	int e, fd = -1;

	snprintf(text, sizeof(text), "%s", address);
	if ((port = split(&host)) == NULL)
		return refuse(error, address,
		    "neither a path with a slash nor host:port");
	e = getaddrinfo(*host == '\0' ? NULL : host, port, &hints, &list);
	if (e != 0)
		return refuse(error, address, gai_strerror(e));
	for (a = list; a != NULL && fd < 0; a = a->ai_next)
		fd = listen_on(a);
	e = errno;
	freeaddrinfo(list);
	if (fd < 0)
		return refuse(error, address, strerror(e));
	use(l, fd);
	return STATUS_OK;
}

enum status
listener_open(struct listener *l, const char *address, char error[ERROR_LEN])
{
	*l = (struct listener){ .fd = -1 };
	return strchr(address, '/') != NULL ? open_path(l, address, error)
					    : open_tcp(l, address, error);
}

void
listener_close(struct listener *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	if (l->path[0] != '\0' && stat(l->path, &st) == 0 &&
	    st.st_dev == l->device && st.st_ino == l->inode)
		unlink(l->path);
	close(l->fd);
	*l = (struct listener){ .fd = -1 };
}

void
listener_hand_over(struct listener *l, enum listener_use use_as, bool on)
{
	char text[sizeof(l->path) + 16];

	fcntl(l->fd, F_SETFD, on ? 0 : FD_CLOEXEC);
	snprintf(text, sizeof(text), "%d %s", l->fd, l->path);
	if (on)
		setenv(inherit_names[use_as], text, 1);
	else
		unsetenv(inherit_names[use_as]);
}
