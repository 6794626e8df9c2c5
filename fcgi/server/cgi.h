/* Plain CGI/1.1 (RFC 3875): environment and stdin in, stdout out. */
#ifndef CGI_H
#define CGI_H

#include "request.h"

/* Answers the one request of this process. */
void cgi_serve(const struct context *);

#endif
