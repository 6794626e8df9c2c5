/*
 * What a service is: its fields and its rules, as tables. A new service is one
 * file in services/ that includes this header alone, and one line in
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

/* All fields are optional and nullable, as the senders know them. */
struct field {
	const char *name;
	enum field_type type;
};

enum {
	FIELDS_MAX = 16,
	VALUE_TEXT = 130 /* 128 digits, a sign, NUL */
};

/* A field after validation. For an int and a float, text is its JSON. */
struct value {
	bool is_set; /* neither absent nor null; else nothing below counts */
	int64_t integer; /* beyond 64 bits the nearest; text is always exact */
	double number;
	bool truth;
	const char *string;
	char text[VALUE_TEXT];
};

/* One member of a derived payload: a literal, or a field where not NULL. */
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
	const char *id; /* its own among the rules of its service */
	bool (*applies)(const struct value *, const struct business *);
	/* Deduplication key; {name} stands for a field's value. */
	const char *key;
	/* A change of this field fires at once; NULL: none does. */
	const char *watch;
	int quiet_seconds;
	int remind_seconds;
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
/* Whether it is a service's name at all: [a-z0-9][a-z0-9_-]{0,62}. */
bool service_name_is_valid(const char *name);
/* All of them, ended by NULL. */
const struct service *const *service_all(void);

/* One of the events that rules can derive. */
struct derivation {
	const struct service *service;
	const struct rule *rule;
	const struct derived *derived;
};
/* The n-th, from 0 on, in the order of the sources. False: no more. */
bool service_derivation(int n, struct derivation *);

#endif
