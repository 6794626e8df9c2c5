#include "traceparent.h"

#include <string.h>

bool
traceparent_is_valid(const char *s)
{
	static const char hex[] = "0123456789abcdef";

	return strlen(s) == TRACEPARENT_LEN && strncmp(s, "00-", 3) == 0 &&
	    strspn(s + 3, hex) == 32 && s[35] == '-' &&
	    strspn(s + 36, hex) == 16 && s[52] == '-' &&
	    strspn(s + 53, hex) == 2 && strspn(s + 3, "0") < 32 &&
	    strspn(s + 36, "0") < 16;
}
