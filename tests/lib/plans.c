#include "plans.h"

#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <string.h>

#include "t.h"

struct plans plans;

static void
note(long long *most, long long n)
{
	if (n > *most)
		*most = n;
}

/* One line of a plan, in the text format of EXPLAIN. */
struct line {
	long long rows, loops;
	bool is_sort, is_scan, is_seq;
};

static bool
read_line(const char *text, size_t len, struct line *l)
{
	char copy[1024];
	const char *at;

	snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	at = strstr(copy, "(actual rows=");
	if (at == NULL ||
	    sscanf(at, "(actual rows=%lld loops=%lld)", &l->rows, &l->loops) !=
		2)
		return false;
	l->rows *= l->loops;
	l->is_sort = strstr(copy, "Sort  (") != NULL;
	l->is_scan = strstr(copy, " on events") != NULL &&
	    strstr(copy, "Bitmap Index") == NULL;
	l->is_seq = strstr(copy, "Seq Scan on events") != NULL;
	return true;
}

static void
read_plan(const char *plan)
{
	struct line line = { 0 }, next;
	long long examined = 0, removed;
	const char *p, *at;
	bool in_sort = false;
	size_t len;

	for (p = plan; *p != '\0'; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		if (read_line(p, len, &next)) {
			line = next;
			if (in_sort)
				note(&plans.most_sorted, line.rows);
			in_sort = line.is_sort;
			if (line.is_scan)
				examined += line.rows;
			if (line.is_seq)
				note(&plans.most_scanned, line.rows);
			continue;
		}
		at = strstr(p, "Rows Removed by ");
		if (at == NULL || at >= p + len || !line.is_scan)
			continue;
		removed = strtoll(strchr(at, ':') + 1, NULL, 10) * line.loops;
		examined += removed;
		if (line.is_seq)
			note(&plans.most_scanned, removed);
	}
	note(&plans.most_examined, examined);
}

static void
receive(void *arg, const PGresult *r)
{
	const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *plan = message ? strstr(message, "plan:\n") : NULL;

	(void)arg;
	/* The text of the statement stands before its plan. */
	if (plan == NULL || (plan = strstr(plan, "  (cost=")) == NULL ||
	    strstr(plan, " on events") == NULL)
		return;
	while (*plan != '\n')
		plan--;
	plans.statements++;
	snprintf(plans.last, sizeof(plans.last), "%s", plan);
	read_plan(plan);
}

/* Instead of libpq's: the product asks it to ignore notices. */
PQnoticeReceiver
PQsetNoticeReceiver(PGconn *conn, PQnoticeReceiver receiver, void *arg)
{
	PQnoticeReceiver (*set)(PGconn *, PQnoticeReceiver, void *);

	(void)receiver;
	(void)arg;
	*(void **)&set = dlsym(RTLD_NEXT, "PQsetNoticeReceiver");
	return set(conn, receive, NULL);
}

void
plans_watch(const char *url)
{
	static const char *const settings[] = {
		"session_preload_libraries = 'auto_explain'",
		"auto_explain.log_min_duration = 0",
		"auto_explain.log_level = 'warning'",
		"auto_explain.log_analyze = on",
		"auto_explain.log_timing = off",
	};
	char *name = t_sql(url, "SELECT current_database()");
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		t_exec(url, "LOAD 'auto_explain'; ALTER DATABASE \"%s\" SET %s",
		    name, settings[i]);
	free(name);
}

void
plans_forget(void)
{
	memset(&plans, 0, sizeof(plans));
}
