/* The web server's side of FastCGI: one request a connection. */
#ifndef FASTCGI_PEER_H
#define FASTCGI_PEER_H

#include "t.h"

#include "listener.h"

enum {
	FASTCGI_PEER_MAX = 2 << 20 /* bytes of an answer */
};

/* Connects, and sends nothing. */
int fastcgi_peer_connect(const struct listener *);
/* Connects and sends a GET request without a body; returns the connection. */
int fastcgi_peer_send(const struct listener *, const char *path);
/* Likewise with a CONTENT_LENGTH, though no body is sent. */
int fastcgi_peer_send_long(
    const struct listener *, const char *path, const char *length);
/*
 * Reads the answer until the connection ends, and closes it; returns the number
 * of bytes. Fails the test unless the request was ended as FastCGI says.
 */
size_t fastcgi_peer_read(int fd);
extern char fastcgi_peer_answer[FASTCGI_PEER_MAX];

#endif
