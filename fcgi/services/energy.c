/*
 * energy: a meter's reading, in kWh, of a neighborhood.
 * Accepted and refused bodies: tests/fixtures/energy/.
 */
#include "service.h"

enum {
	ENERGY,
	NEIGHBORHOOD,
};

static const struct field fields[] = {
	[ENERGY] = { "energy", FIELD_FLOAT },
	[NEIGHBORHOOD] = { "neighborhood", FIELD_STRING },
	{ 0 },
};

static bool
is_critical(const struct value *v, const struct business *b)
{
	return v[ENERGY].is_set && v[ENERGY].number > b->threshold_kwh;
}

static const struct member risk[] = {
	{ "alert", "possible_risk", 0 },
	{ "reason", "critical_energy_usage", 0 },
	{ "neighborhood", NULL, NEIGHBORHOOD },
	{ "energy", NULL, ENERGY },
	{ 0 },
};

static const struct derived critical[] = {
	{ "security", risk },
	{ 0 },
};

static const struct rule rules[] = {
	{ "critical", is_critical, "critical_energy_usage_{neighborhood}", NULL,
	    QUIET_SECONDS, REMIND_SECONDS, critical },
	{ 0 },
};

const struct service service_energy = { "energy", fields, rules };
