/* The table of metrics, and everything that names one of them. */
#include <string.h>

#include "metric.h"
#include "shell.h"
#include "t.h"

#define README "nginx/prometheus/README.md"

static void
readme__every_metric__a_row(void **state)
{
	static char text[1 << 17];
	char row[512];
	const struct metric_family *f;
	int i;

	(void)state;
	assert_int_equal(shell_read(text, sizeof(text), "cat " README), 0);
	for (i = 0; i < METRICS; i++) {
		f = metric_family((enum metric)i);
		snprintf(row, sizeof(row), "\n| `%s` | %s | %s | %s |\n",
		    f->name, f->type, f->labels, f->help);
		if (strstr(text, row) == NULL)
			fail_msg(README " lacks the row%s", row);
	}
}

/* Each metric that nginx/prometheus names (alerts, dashboard) exists. */
static void
file__names_a_metric__it_is_in_the_table(void **state)
{
	char names[1 << 14], *name, *rest = names;
	int n = 0;

	(void)state;
	assert_int_equal(shell_read(names, sizeof(names),
			     "grep -ohE '\\bsmartcity_[a-z_]+' "
			     "nginx/prometheus/* | sort -u"),
	    0);
	while ((name = strsep(&rest, "\n")) != NULL && *name != '\0') {
		if (metric_of(name) < 0)
			fail_msg("nginx/prometheus names %s", name);
		n++;
	}
	assert_in_range(n, METRICS, 1000);
}

static void
metric_of__any_name__its_family(void **state)
{
	(void)state;
	assert_int_equal(metric_of("smartcity_workers"), METRIC_workers);
	assert_int_equal(metric_of("smartcity_ingest_duration_seconds_bucket"),
	    METRIC_ingest_duration_seconds);
	/* Only a histogram has further names, such as …_count. */
	assert_int_equal(metric_of("smartcity_workers_count"), -1);
	assert_int_equal(metric_of("smartcity_worker"), -1);
	assert_int_equal(metric_of("smartcity_workers_"), -1);
	assert_int_equal(metric_of(""), -1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(readme__every_metric__a_row),
	cmocka_unit_test(file__names_a_metric__it_is_in_the_table),
	cmocka_unit_test(metric_of__any_name__its_family),
};

T_MAIN(tests)
