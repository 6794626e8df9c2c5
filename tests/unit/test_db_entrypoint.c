/*
 * What the database's container derives from its environment.
 */
#include "t.h"

static const char script[] =
    "d=$(mktemp -d) && printf '%%s\n' '#!/bin/sh' "
    "'printf %%s \"$POSTGRES_USER|$POSTGRES_PASSWORD|$POSTGRES_DB|$*\"' "
    ">$d/docker-entrypoint.sh && chmod +x $d/docker-entrypoint.sh && "
    "%s PATH=$d:$PATH bash sql/db-entrypoint postgres -c 'a b'; rm -r $d";

static void
db_entrypoint__database_url_of_its_host__makes_what_it_names(void **state)
{
	static const struct {
		const char *environment, *made;
	} rows[] = {
		{ "", "postgres|postgres|postgres" },
		{ "DATABASE_URL=postgresql://postgres:postgres@db:5432/"
		  "postgres",
		    "postgres|postgres|postgres" },
		{ "DATABASE_URL=postgresql+psycopg2://u:p@db:5432/d", "u|p|d" },
		{ "DATABASE_URL='postgres://u%40x:p%24w#%27%22%20%25\\n@db/"
		  "d?sslmode=disable'",
		    "u@x|p$w#'\" %\\n|d" },
		{ "DATABASE_URL=postgresql://db",
		    "postgres|postgres|postgres" },
		{ "DATABASE_URL=postgresql://u@db", "u|postgres|u" },
		{ "POSTGRES_PASSWORD=x DATABASE_URL=postgresql://u:p@db/",
		    "u|p|u" },
		{ "POSTGRES_PASSWORD=x DATABASE_URL=postgresql://db",
		    "postgres|x|postgres" },
		{ "POSTGRES_USER=a POSTGRES_PASSWORD=b POSTGRES_DB=c",
		    "a|b|c" },
		/* A DATABASE_URL of another host is ignored. */
		{ "POSTGRES_USER= DATABASE_URL=postgresql://u:p@dbx/d",
		    "postgres|postgres|postgres" },
		{ "DATABASE_URL=postgresql://u:p@h/db",
		    "postgres|postgres|postgres" },
	};
	char command[1024], out[256], expected[256];
	size_t i, n;
	FILE *p;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(command, sizeof(command), script, rows[i].environment);
		p = popen(command, "r");
		assert_non_null(p);
		n = fread(out, 1, sizeof(out) - 1, p);
		out[n] = '\0';
		assert_int_equal(pclose(p), 0);
		snprintf(expected, sizeof(expected), "%s|postgres -c a b",
		    rows[i].made);
		assert_string_equal(out, expected);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    db_entrypoint__database_url_of_its_host__makes_what_it_names),
};

T_MAIN(tests)
