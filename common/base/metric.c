#include "metric.h"

#include <string.h>

static const struct metric_family families[METRICS] = {
#define METRIC(name, type, labels, help)                                       \
	[METRIC_##name] = { "smartcity_" #name, #type, labels, help },
#include "metrics.def"
#undef METRIC
};

const struct metric_family *
metric_family(enum metric metric)
{
	return &families[metric];
}

int
metric_of(const char *sample_name)
{
	static const char *const ends[] = { "", "_bucket", "_sum", "_count" };
	size_t n, end, last;
	int i;

	for (i = 0; i < METRICS; i++) {
		n = strlen(families[i].name);
		if (strncmp(sample_name, families[i].name, n) != 0)
			continue;
		last = strcmp(families[i].type, "histogram") == 0 ? 4 : 1;
		for (end = 0; end < last; end++)
			if (strcmp(sample_name + n, ends[end]) == 0)
				return i;
	}
	return -1;
}
