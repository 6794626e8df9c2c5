/*
 * The statements of sql/queries/, one a file, embedded at build: the file's
 * stem names the statement in C (Q_event_get) and, prepared, on the server.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>

enum query {
#define NAMES(...)
#define QUERY(stem, args, takes, returns, text) Q_##stem,
#define SCHEMA(change)
#include "queries.def"
#undef NAMES
#undef QUERY
#undef SCHEMA
	QUERY_COUNT,
};

/*
 * Positions by name, from the lines "-- takes:" and "-- returns:" of a
 * statement: EVENT_GET_ARG_ID is a parameter, EVENT_GET_ID a column, counted
 * from 0; EVENT_GET_ARGS and EVENT_GET_COLUMNS are the numbers of both.
 */
#define NAMES(...)                                                             \
	enum {                                                                 \
		__VA_ARGS__                                                    \
	};
#define QUERY(stem, args, takes, returns, text)
#define SCHEMA(change)
#include "queries.def"
#undef NAMES
#undef QUERY
#undef SCHEMA

const char *query_name(enum query);
const char *query_text(enum query);
/* The number of parameters of a statement. */
int query_args(enum query);
/*
 * Whether a statement's results come in PostgreSQL's binary formats: those of
 * events, whose times and ids need not become text on the server.
 */
bool query_is_binary(enum query);
/* The last change of sql/sqitch.plan, which the statements were written for. */
const char *query_schema(void);

#endif
