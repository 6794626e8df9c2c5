/* How many connections wait at a listening socket, as the kernel counts. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>

/* False where the kernel does not say: sock_diag(7), tcp(7). */
bool queue_read(int listen_fd, int *waiting, int *max);

#endif
