#include "fastcgi_peer.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"

static void
put_record(struct buf *out, int type, const struct buf *content)
{
	const unsigned char head[] = { 1, (unsigned char)type, 0, 1,
		(unsigned char)(content->len >> 8), (unsigned char)content->len,
		0, 0 };

	buf_put(out, head, sizeof(head));
	buf_put(out, content->data, content->len);
}

static void
put_param(struct buf *out, const char *name, const char *value)
{
	buf_putc(out, (char)strlen(name));
	buf_putc(out, (char)strlen(value));
	buf_puts(out, name);
	buf_puts(out, value);
}

int
fastcgi_peer_connect(const struct listener *l)
{
	struct sockaddr_storage to;
	socklen_t n = sizeof(to);
	int fd;

	assert_int_equal(getsockname(l->fd, (struct sockaddr *)&to, &n), 0);
	fd = socket(to.ss_family, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, n), 0);
	return fd;
}

int
fastcgi_peer_send_long(
    const struct listener *l, const char *path, const char *length)
{
	enum {
		BEGIN = 1,
		PARAMS = 4,
		STDIN = 5
	};
	struct buf out, begin, params, none;
	int fd = fastcgi_peer_connect(l);

	buf_init(&out, 1024);
	buf_init(&begin, 8);
	buf_init(&params, 512);
	buf_init(&none, 0);
	buf_put(&begin, "\0\1\0\0\0\0\0\0", 8);
	put_param(&params, "REQUEST_METHOD", "GET");
	put_param(&params, "REQUEST_URI", path);
	put_param(&params, "CONTENT_LENGTH", length);
	put_record(&out, BEGIN, &begin);
	put_record(&out, PARAMS, &params);
	put_record(&out, PARAMS, &none);
	put_record(&out, STDIN, &none);
	assert_int_equal(write(fd, out.data, out.len), out.len);
	buf_free(&out);
	buf_free(&begin);
	buf_free(&params);
	return fd;
}

int
fastcgi_peer_send(const struct listener *l, const char *path)
{
	return fastcgi_peer_send_long(l, path, "0");
}

char fastcgi_peer_answer[FASTCGI_PEER_MAX];

size_t
fastcgi_peer_read(int fd)
{
	/* FCGI_END_REQUEST, status 0, FCGI_REQUEST_COMPLETE. */
	static const char end[] = "\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0";
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, fastcgi_peer_answer + all,
		    sizeof(fastcgi_peer_answer) - all)) > 0)
		all += (size_t)n;
	assert_int_equal(n, 0);
	close(fd);
	assert_true(all > sizeof(end));
	assert_memory_equal(
	    fastcgi_peer_answer + all - sizeof(end), end, sizeof(end));
	return all;
}
