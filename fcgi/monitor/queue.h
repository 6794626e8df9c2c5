/* How many connections wait at a listening socket, asked of the kernel. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>

/*
 * max: the backlog. False: the kernel does not tell; see sock_diag(7), tcp(7).
 */
bool queue_read(int listen_fd, int *waiting, int *max);

#endif
