/* Routes are rows; 404, 405, OPTIONS and HEAD fall out of the table. */
#ifndef ROUTE_H
#define ROUTE_H

#include "request.h"

request_handler route_handle;

#endif
