/* Messages to the service manager that started this process. */
#ifndef NOTIFY_H
#define NOTIFY_H

/*
 * Sends state ("READY=1") as a datagram to the socket that the environment
 * names as NOTIFY_SOCKET (sd_notify(3)); without one it does nothing. A failure
 * is logged.
 */
void notify(const char *state);

#endif
