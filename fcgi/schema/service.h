/*
 * What a service is: its fields and its rules, as tables. A new service is one
 * file in services/ that includes only this header, and one line in
 * services/services.def.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config.h"

#define INGEST_PATH "/ingest/" /* a service's name follows */

enum field_type {
	FIELD_INT,
	FIELD_FLOAT,
	FIELD_BOOL,
	FIELD_STRING,
};

/* All fields are optional and nullable, as in the Python system. */
struct field {
	const char *name;
	enum field_type type;
};

enum {
	FIELDS_MAX = 16,
	VALUE_TEXT = 130 /* 128 digits, a sign, NUL */
};

/*
 * A field after validation. text is JSON, only for FIELD_INT and FIELD_FLOAT.
 */
struct value {
	bool is_set;     /* false: absent or null, and nothing below is valid */
	int64_t integer; /* clamped to 64 bits; text is always exact */
	double number;
	bool truth;
	const char *string;
	char text[VALUE_TEXT];
};

/* A member of a derived payload: the literal or, if that is NULL, the field. */
struct member {
	const char *name;
	const char *literal;
	int field;
};

/* An event that a rule sends to another service. */
struct derived {
	const char *service;
	const struct member *payload; /* ended by a NULL name */
};

struct rule {
	const char *id; /* unique among the rules of its service */
	bool (*applies)(const struct value *, const struct business *);
	/* The incident's key; {name} is a field's value. NULL: no key. */
	const char *key;
	/* A field whose change makes the rule derive again at once. Or NULL. */
	const char *watch;
	int quiet_seconds;             /* silence that closes the incident */
	int remind_seconds;            /* then an open incident derives again */
	const struct derived *derives; /* ended by a NULL service */
};

enum {
	QUIET_SECONDS = 300,
	REMIND_SECONDS = 3600
};

struct service {
	const char *name;
	const struct field *fields; /* ended by a NULL name */
	const struct rule *rules;   /* ended by a NULL id */
};

/* The service of that name, or NULL. */
const struct service *service_find(const char *name);
/* Whether a service can have this name: [a-z0-9][a-z0-9_-]{0,62}. */
bool service_name_is_valid(const char *name);
/* All services with a schema, ended by NULL. */
const struct service *const *service_all(void);

/* One of the events that rules can derive, with its rule and service. */
struct derivation {
	const struct service *service;
	const struct rule *rule;
	const struct derived *derived;
};
/* The n-th derivation, from 0 on, in the sources' order. False: no more. */
bool service_derivation(int n, struct derivation *);

#endif
