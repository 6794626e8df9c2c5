/* Values to findings: which events a service's rules derive from one event. */
#ifndef RULES_H
#define RULES_H

#include "buf.h"
#include "id.h"
#include "service.h"

/* Bytes; a longer incident key is cut, and ends with a hash of the whole. */
#define RULES_KEY_MAX 255

/*
 * An event that a rule asks for. sql/queries/events_ingest.sql decides whether
 * it is written, or the answer names the earlier event of an open incident
 * instead.
 */
struct finding {
	const struct rule *rule;
	const struct derived *derived;
	struct id id;   /* id of the derived event, if it is written */
	struct buf key; /* key of the incident; empty if rule->key is NULL */
	struct buf watched; /* text of the field whose change fires at once */
	bool is_watched;    /* false: no rule->watch, or its field is null */
	struct buf payload; /* JSON */
	int quiet_seconds, remind_seconds;
};

struct findings {
	struct finding *list;
	int n;
	bool failed; /* out of memory */
};

/* Finds the rules that apply, in their order; the caller frees the findings. */
void rules_evaluate(const struct service *, const struct value values[],
    const struct business *, struct findings *out);
/* Safe on zeroed findings. */
void findings_free(struct findings *);

#endif
