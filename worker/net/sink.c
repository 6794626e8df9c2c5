#include "sink.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct sink *const sinks[SINKS_MAX + 1] = {
#define SINK(name) &sink_##name,
#include "sinks.def"
#undef SINK
	NULL,
};

const struct sink *
sink_at(int i)
{
	return sinks[i];
}

/* Whether the word is one of words, each of which ends with a space. */
static bool
has_word(const char *words, const char *word, size_t len)
{
	size_t n;

	for (; *words != '\0'; words += n + 1) {
		n = strcspn(words, " ");
		if (n == len && strncasecmp(words, word, n) == 0)
			return true;
	}
	return false;
}

const struct sink *
sink_find(const char *url)
{
	const char *end = strstr(url, "://");
	int i;

	if (end == NULL)
		return NULL;
	for (i = 0; sinks[i] != NULL; i++)
		if (has_word(sinks[i]->schemes, url, (size_t)(end - url)))
			return sinks[i];
	return NULL;
}
