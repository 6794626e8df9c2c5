#include "list.h"

#include <string.h>

#define BLANKS " \t"

bool
list_next(const char **list, const char **entry, size_t *len)
{
	const char *at = *list;
	size_t n;

	if (at == NULL)
		return false;
	at += strspn(at, BLANKS);
	n = strcspn(at, ",");
	*entry = at;
	*list = at[n] == ',' ? at + n + 1 : NULL;
	while (n > 0 && strchr(BLANKS, at[n - 1]) != NULL)
		n--;
	*len = n;
	return true;
}

bool
list_has(const char *list, const char *entry)
{
	const char *each;
	size_t len;

	while (list_next(&list, &each, &len))
		if (len == strlen(entry) && memcmp(each, entry, len) == 0)
			return true;
	return false;
}
