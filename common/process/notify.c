#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

/* Returns 0, or errno. */
static int
send_to(const char *path, const char *state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd, e = 0;

	if (n > sizeof(sun.sun_path))
		return ENAMETOOLONG;
	memcpy(sun.sun_path, path, n);
	/* An abstract socket's name is written with an @ for its NUL. */
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		(struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		e = errno;
	close(fd);
	return e;
}

void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int e;

	if (path != NULL && (e = send_to(path, state)) != 0)
		log_warn("notify: cannot tell the service manager at %s: %s",
		    path, strerror(e));
}
