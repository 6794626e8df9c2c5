/* The table of routes, from which 404, 405, OPTIONS and HEAD follow. */
#ifndef ROUTE_H
#define ROUTE_H

#include "request.h"

/* All the server needs, and route_handle() alone. */
extern const struct routing route_routing;
request_handler route_handle;

/*
 * The nth route: "GET", "/events/{}", and the names of its query parameters,
 * separated by commas. False: there is no nth route.
 */
bool route_describe(
    int n, const char **method, const char **pattern, const char **query);

#endif
