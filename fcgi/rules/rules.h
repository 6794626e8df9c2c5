/* Values to findings: which events a service's rules derive from one event. */
#ifndef RULES_H
#define RULES_H

#include "buf.h"
#include "id.h"
#include "service.h"

/* Longer incident keys are cut and told apart by a hash. In bytes. */
#define RULES_KEY_MAX 255

/*
 * An event that a rule asks for. Whether it is written, or an earlier one of an
 * open incident stands for it, is decided by sql/queries/event_ingest.sql.
 */
struct finding {
	const struct rule *rule;
	const struct derived *derived;
	struct id id;       /* the derived event's, if it is written */
	struct buf key;     /* of its incident, where rule->key is not NULL */
	struct buf watched; /* JSON, where rule->watch is not NULL */
	struct buf payload; /* JSON */
	int quiet_seconds, remind_seconds;
};

struct findings {
	struct finding *list;
	int n;
	bool failed; /* out of memory */
};

/* The rules that apply, in their order; the caller frees the findings. */
void rules_evaluate(const struct service *, const struct value values[],
    const struct business *, struct findings *out);
/* Safe on zeroed findings. */
void findings_free(struct findings *);

#endif
