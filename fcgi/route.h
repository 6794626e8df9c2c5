/* The table of routes, from which 404, 405, OPTIONS and HEAD follow. */
#ifndef ROUTE_H
#define ROUTE_H

#include "request.h"

request_handler route_handle;

#endif
