/*
 * transport: where a bus is. No rules.
 * Accepted and refused bodies: tests/fixtures/transport/.
 */
#include "service.h"

static const struct field fields[] = {
	{ "bus_id", FIELD_INT },
	{ "lat", FIELD_FLOAT },
	{ "lon", FIELD_FLOAT },
	{ 0 },
};

static const struct rule rules[] = {
	{ 0 },
};

const struct service service_transport = { "transport", fields, rules };
