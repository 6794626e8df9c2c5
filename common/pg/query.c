#include "query.h"

static const struct {
	const char *name, *text;
	int args;
} queries[] = {
#define NAMES(...)
#define QUERY(stem, args, takes, returns, text) { #stem, text, args },
#define SCHEMA(change)
#include "queries.def"
#undef NAMES
#undef QUERY
#undef SCHEMA
};

static const char schema[] =
#define NAMES(...)
#define QUERY(stem, args, takes, returns, text)
#define SCHEMA(change) change
#include "queries.def"
#undef NAMES
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

int
query_args(enum query q)
{
	return queries[q].args;
}

bool
query_is_binary(enum query q)
{
	static const bool binary[QUERY_COUNT] = {
		[Q_event_get] = true,
		[Q_event_trace] = true,
		[Q_events_feed] = true,
		[Q_events_own_time] = true,
		[Q_events_page] = true,
		[Q_events_search] = true,
	};

	return binary[q];
}

const char *
query_schema(void)
{
	return schema;
}
