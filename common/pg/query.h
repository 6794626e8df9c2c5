/*
 * The statements of sql/queries/, one a file, embedded at build: the file's
 * stem is the name in C (Q_event_insert) and of the prepared statement.
 */
#ifndef QUERY_H
#define QUERY_H

enum query {
#define QUERY(stem, text) Q_##stem,
#define SCHEMA(change)
#include "queries.def"
#undef QUERY
#undef SCHEMA
	QUERY_COUNT,
};

const char *query_name(enum query);
const char *query_text(enum query);
/* The last change of sql/sqitch.plan, which the statements were written for. */
const char *query_schema(void);

#endif
