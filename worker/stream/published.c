#include "published.h"

#include <stdlib.h>

#include "json.h"

int
published_count(const char *text)
{
	long n = strtol(text, NULL, 10);

	return *text >= '0' && *text <= '9' && n < 10000000 ? (int)n : -1;
}

static int
read_count(const struct cJSON *answer, const char *name)
{
	const struct cJSON *count = json_member(answer, name);
	size_t len;
	int n = -1;

	if (count != NULL && json_type(count) == JSON_NUMBER)
		n = published_count(json_number(count, &len));
	return n >= 0 ? n : 0;
}

struct published
published_read(const struct buf *answer)
{
	struct published counts = { 0 };
	struct scan_error error;
	struct json *json;

	if (json_parse(answer->data, answer->len, &json, &error) != STATUS_OK)
		return counts;
	counts.messages = read_count(json_root(json), "messages");
	counts.subscribers = read_count(json_root(json), "subscribers");
	json_free(json);
	return counts;
}
