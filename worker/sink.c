#include "sink.h"

#include <stdio.h>
#include <string.h>

static const struct sink *const sinks[] = {
#define SINK(name) &sink_##name,
#include "sinks/sinks.def"
#undef SINK
};

enum {
	COUNT = sizeof(sinks) / sizeof(*sinks)
};

const struct sink *
sink_find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (strcmp(sinks[i]->name, name) == 0)
			return sinks[i];
	return NULL;
}

void
sink_names(char *out, size_t n)
{
	size_t i, len = 0;

	for (i = 0; i < COUNT && len < n; i++)
		len += (size_t)snprintf(out + len, n - len, "%s%s",
		    i > 0 ? ", " : "", sinks[i]->name);
}
