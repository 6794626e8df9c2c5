#include "etag.h"

#include <string.h>

#include "id.h"

/*
 * A tag is in quotes, can contain commas, and has W/ before it if it is weak,
 * as nginx makes it when it compresses the answer.
 */
bool
etag_matches(const char *list, const char *tag)
{
	size_t n;

	for (;; list += n) {
		list += strspn(list, ", \t");
		if (*list == '*')
			return true;
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		if (*list != '"')
			return false;
		n = strcspn(list + 1, "\"") + 2;
		if (list[n - 1] == '\0')
			return false;
		if (n == strlen(tag) && strncmp(list, tag, n) == 0)
			return true;
	}
}

void
etag_answer(const struct request *req, const char *bytes, size_t n,
    struct response *res)
{
	char tag[ID_LEN + 3];
	struct id hash = id_hash(bytes, n);

	tag[0] = tag[ID_LEN + 1] = '"';
	tag[ID_LEN + 2] = '\0';
	memcpy(tag + 1, hash.text, ID_LEN);
	buf_printf(&res->headers, "ETag: %s\r\n", tag);
	res->cache_control = "private, no-cache";
	if (req->if_none_match == NULL ||
	    !etag_matches(req->if_none_match, tag))
		return;
	res->status = 304;
	buf_reset(&res->body);
}
