/*
 * security: what a camera saw. No rules.
 * Accepted and refused bodies: tests/fixtures/security/.
 */
#include "service.h"

static const struct field fields[] = {
	{ "alert", FIELD_BOOL },
	{ "camera_trigger", FIELD_STRING },
	{ 0 },
};

static const struct rule rules[] = {
	{ 0 },
};

const struct service service_security = { "security", fields, rules };
