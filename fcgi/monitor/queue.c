#include "queue.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ANSWER_LEN = 4096
};

static bool
read_tcp(int fd, int *waiting, int *max)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return false;
	/* Of a listening socket these two are its queue and its backlog. */
	*waiting = (int)info.tcpi_unacked;
	*max = (int)info.tcpi_sacked;
	return true;
}

static bool
ask(int netlink, ino_t inode)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req body;
	} q = {
		.head = { .nlmsg_len = sizeof(q),
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST },
		.body = { .sdiag_family = AF_UNIX,
		    .udiag_states = ~0U,
		    .udiag_ino = (__u32)inode,
		    .udiag_show = UDIAG_SHOW_RQLEN,
		    .udiag_cookie = { ~0U, ~0U } },
	};

	return send(netlink, &q, sizeof(q), 0) == (ssize_t)sizeof(q);
}

/* Finds the attribute with the lengths after the fixed part of the answer. */
static bool
find_lengths(const char *answer, size_t n, struct unix_diag_rqlen *out)
{
	const size_t head = NLMSG_LENGTH(sizeof(struct unix_diag_msg));
	struct nlmsghdr message;
	struct nlattr a;
	size_t at;

	if (n < head)
		return false;
	memcpy(&message, answer, sizeof(message));
	if (message.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	for (at = head; at + sizeof(a) <= n; at += NLA_ALIGN(a.nla_len)) {
		memcpy(&a, answer + at, sizeof(a));
		if (a.nla_len < sizeof(a))
			return false;
		if (a.nla_type != UNIX_DIAG_RQLEN)
			continue;
		if (at + NLA_HDRLEN + sizeof(*out) > n)
			return false;
		memcpy(out, answer + at + NLA_HDRLEN, sizeof(*out));
		return true;
	}
	return false;
}

static bool
read_unix(int fd, int *waiting, int *max)
{
	int netlink =
	    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct unix_diag_rqlen lengths;
	char answer[ANSWER_LEN];
	struct stat st;
	bool found = false;
	ssize_t n;

	if (netlink < 0)
		return false;
	if (fstat(fd, &st) == 0 && ask(netlink, st.st_ino)) {
		n = recv(netlink, answer, sizeof(answer), 0);
		found = n > 0 && find_lengths(answer, (size_t)n, &lengths);
	}
	close(netlink);
	if (!found)
		return false;
	*waiting = (int)lengths.udiag_rqueue;
	*max = (int)lengths.udiag_wqueue;
	return true;
}

bool
queue_read(int listen_fd, int *waiting, int *max)
{
	int family = 0;
	socklen_t len = sizeof(family);

	if (getsockopt(listen_fd, SOL_SOCKET, SO_DOMAIN, &family, &len) != 0)
		return false;
	return family == AF_UNIX ? read_unix(listen_fd, waiting, max)
				 : read_tcp(listen_fd, waiting, max);
}
