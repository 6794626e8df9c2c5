/* The metrics of /metrics, which pool and worker share: metrics.def. */
#ifndef METRIC_H
#define METRIC_H

enum metric {
#define METRIC(name, type, labels, help) METRIC_##name,
#include "metrics.def"
#undef METRIC
	METRICS
};

struct metric_family {
	const char *name;   /* with its prefix: smartcity_workers */
	const char *type;   /* counter, gauge or histogram */
	const char *labels; /* "service, outcome", or "" */
	const char *help;
};

const struct metric_family *metric_family(enum metric);
/*
 * The metric to which a sample of this name belongs; the samples of a histogram
 * have its name with _bucket, _sum or _count. -1: no such metric.
 */
int metric_of(const char *sample_name);

#endif
