#include "query.h"

static const struct {
	const char *name, *text;
} queries[] = {
#define QUERY(stem, text) { #stem, text },
#define SCHEMA(change)
#include "queries.def"
#undef QUERY
#undef SCHEMA
};

static const char schema[] =
#define QUERY(stem, text)
#define SCHEMA(change) change
#include "queries.def"
#undef QUERY
#undef SCHEMA
    ;

const char *
query_name(enum query q)
{
	return queries[q].name;
}

const char *
query_text(enum query q)
{
	return queries[q].text;
}

const char *
query_schema(void)
{
	return schema;
}
