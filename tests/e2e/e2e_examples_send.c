/*
 * The examples of senders in fcgi/README.md and fcgi/examples, run as a reader
 * would.
 */
#include "t.h"

#include <string.h>

#include "batches.h"
#include "shell.h"

/* The commands in a section of fcgi/README.md, for our port. */
#define PASTE                                                                  \
	"awk -v section='## %s' '/^## / { here = $0 == section }"              \
	" !here || !/^    / { in_it = 0; next }"                               \
	" !in_it { in_it = 1; is_it = /^    (curl|printf) / }"                 \
	" is_it { print substr($0, 5) }' fcgi/README.md"                       \
	" | sed 's/localhost:8000/localhost:%d/'"

/* Runs them, each answer in a line of its own, and reads all of it. */
static void
paste(const char *section, char *answers, size_t size)
{
	assert_int_equal(
	    shell_read(answers, size,
		PASTE " >%s/pasted && printf '%%s\\n' 'write-out = \"\\n\"' "
		      ">%s/.curlrc"
		      " && HOME=%s sh -e %s/pasted 2>%s/pasted.log",
		section, batches_stack.port, batches_stack.dir,
		batches_stack.dir, batches_stack.dir, batches_stack.dir,
		batches_stack.dir),
	    0);
}

static void
readme__many_events__pasted__answered_as_it_says(void **state)
{
	char answers[4096], *second;

	(void)state;
	paste("Many events at once", answers, sizeof(answers));
	assert_non_null(strstr(answers,
	    J("{'stored':1,'duplicate':0,'rejected':1,'results':["
	      "{'index':0,'status':200,'stored_event_id':'")));
	assert_non_null(strstr(answers, "\"derived_events\":[\""));
	assert_non_null(strstr(answers,
	    J("{'index':1,'status':422,'detail':[{'type':'float_parsing',"
	      "'loc':['body','energy'],")));
	second = strchr(answers, '\n');
	assert_non_null(second);
	assert_string_equal(second + 1,
	    J("{'stored':2,'duplicate':0,'rejected':0,'results':[]}\n"));
}

static void
readme__cloudevents__pasted__the_last_is_a_duplicate(void **state)
{
	char answers[4096];

	(void)state;
	paste("CloudEvents", answers, sizeof(answers));
	if (strncmp(answers, J("{'stored_event_id':"), 19) != 0 ||
	    strstr(answers, J("{'stored':0,'duplicate':1,'rejected':0,")) ==
		NULL)
		fail_msg("%s", answers);
	t_expect(batches_stack.url, "/meters/7 1 /meters/7 2",
	    "SELECT string_agg(deduplication_key, ' ' ORDER BY id)"
	    " FROM events WHERE timestamp = '2026-11-23T10:00:00Z'");
}

static const char *const senders[] = { "python3 fcgi/examples/send.py",
	"node fcgi/examples/send.mjs" };

/* 2,500 readings, of which two are bad, and a blank line. */
static void
write_readings(const char *name)
{
	shell_must("for i in $(seq 2500); do case $i in 7) echo {;; 1700) "
		   "echo '{\"energy\":\"x\"}';; 9) echo; echo {};; *) "
		   "echo \"{\\\"energy\\\":$i,\\\"of\\\":\\\"%s\\\"}\";; "
		   "esac; done >%s/%s",
	    name, batches_stack.dir, name);
}

static void
example__sender__all_good_ones_stored_once(void **state)
{
	char said[4096], name[8] = "of-0";
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		name[3] = (char)('0' + i);
		write_readings(name);
		assert_int_equal(
		    shell_read(said, sizeof(said),
			"%s http://localhost:%d/ingest/energy/batch %s/%s",
			senders[i], batches_stack.port, batches_stack.dir,
			name),
		    1);
		assert_non_null(strstr(said, "422 "));
		assert_non_null(strstr(said, "{\"energy\":\"x\"}\n"));
		assert_non_null(strstr(said, "\n999 stored, 0 known before\n"));
		assert_non_null(strstr(said, "\n500 stored, 0 known before\n"));
		assert_int_equal(
		    shell_read(said, sizeof(said),
			"%s http://localhost:%d/ingest/energy/batch %s/%s",
			senders[i], batches_stack.port, batches_stack.dir,
			name),
		    1);
		assert_non_null(strstr(said, "\n0 stored, 999 known before\n"));
		assert_int_equal(t_number(batches_stack.url,
				     "SELECT count(*) FROM events WHERE"
				     " payload->>'of' = '%s'",
				     name),
		    2497);
	}
}

/* Both senders have been answered with 503. */
static bool
have_failed(void *arg)
{
	struct http h = http_get(batches_stack.port, "/metrics");
	const char *line = strstr(h.body, arg);
	bool have =
	    line != NULL && strtod(line + strlen((const char *)arg), NULL) >= 2;

	http_free(&h);
	return have;
}

static void
example__sender__database_away__sent_again_until_stored(void **state)
{
	static char failed[] = "\nsmartcity_batch_events_total{service="
			       "\"other\",outcome=\"failed\"} ";
	char *name = t_sql(batches_stack.url, "SELECT current_database()");
	const char *cluster = getenv("TEST_DATABASE_URL"),
		   *dir = batches_stack.dir;
	int port = batches_stack.port;

	(void)state;
	t_exec(cluster, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS false", name);
	t_exec(cluster,
	    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE datname = '%s'",
	    name);
	shell_must("echo {} >%s/one; for i in 0 1; do "
		   "case $i in 0) set -- %s;; 1) set -- %s;; esac; "
		   "{ \"$@\" http://localhost:%d/ingest/late-$i/batch %s/one "
		   ">%s/late-$i 2>&1; echo $? >>%s/late-$i; } & done",
	    dir, senders[0], senders[1], port, dir, dir, dir);
	stack_wait(have_failed, failed, "both were answered with 503");
	t_exec(cluster, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS true", name);
	free(name);
	shell_must("for i in 0 1; do n=0; until grep -qx 0 %s/late-$i; do "
		   "n=$((n + 1)); test $n -lt 300; sleep 0.1; done; "
		   "grep -qx '1 stored, 0 known before' %s/late-$i; done",
	    dir, dir);
	assert_int_equal(
	    batches_events("late-0") + batches_events("late-1"), 2);
}

static void
example__sender__refused_as_a_whole__says_why(void **state)
{
	char said[4096];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(
		    shell_read(said, sizeof(said),
			"echo {} >%s/one; %s "
			"http://localhost:%d/ingest/Late/batch %s/one 2>&1",
			batches_stack.dir, senders[i], batches_stack.port,
			batches_stack.dir),
		    1);
		assert_non_null(strstr(said, "422: {\"detail\":\"A service"));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(readme__many_events__pasted__answered_as_it_says),
	cmocka_unit_test(readme__cloudevents__pasted__the_last_is_a_duplicate),
	cmocka_unit_test(example__sender__all_good_ones_stored_once),
	cmocka_unit_test(
	    example__sender__database_away__sent_again_until_stored),
	cmocka_unit_test(example__sender__refused_as_a_whole__says_why),
};

T_MAIN_WITH(tests, batches_open, batches_close)
