/*
 * health: a hospital's or a wearable's report about a patient.
 * Accepted and refused bodies: tests/fixtures/health/.
 */
#include "service.h"

enum {
	PATIENT_ID,
	ALERT,
	LOCATION,
};

static const struct field fields[] = {
	[PATIENT_ID] = { "patient_id", FIELD_INT },
	[ALERT] = { "alert", FIELD_STRING },
	[LOCATION] = { "location", FIELD_STRING },
	{ 0 },
};

static bool
is_emergency(const struct value *v, const struct business *b)
{
	(void)b;
	return v[ALERT].is_set && strcmp(v[ALERT].string, "emergency") == 0;
}

static const struct member dispatch[] = {
	{ "action", "dispatch_nearest_vehicle", 0 },
	{ "reason", "health_emergency", 0 },
	{ "location", NULL, LOCATION },
	{ "patient_id", NULL, PATIENT_ID },
	{ 0 },
};

static const struct member escort[] = {
	{ "priority", "high", 0 },
	{ "action", "escort_and_clear_traffic", 0 },
	{ "reason", "health_emergency", 0 },
	{ "location", NULL, LOCATION },
	{ "patient_id", NULL, PATIENT_ID },
	{ 0 },
};

static const struct derived emergency[] = {
	{ "transport", dispatch },
	{ "security", escort },
	{ 0 },
};

static const struct rule rules[] = {
	{ "emergency", is_emergency, "health_emergency_{patient_id}",
	    "location", QUIET_SECONDS, REMIND_SECONDS, emergency },
	{ 0 },
};

const struct service service_health = { "health", fields, rules };
