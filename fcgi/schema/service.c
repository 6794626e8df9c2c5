#include "service.h"

#define SERVICE(stem) extern const struct service service_##stem;
#include "services.def"
#undef SERVICE

#define SERVICE(stem) &service_##stem,
static const struct service *const services[] = {
#include "services.def"
	NULL,
};
#undef SERVICE

enum {
	NAME_MAX_LEN = 63
};

const struct service *
service_find(const char *name)
{
	const struct service *const *s;

	for (s = services; *s != NULL; s++)
		if (strcmp((*s)->name, name) == 0)
			return *s;
	return NULL;
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	    c == '-';
}

bool
service_name_is_valid(const char *name)
{
	size_t n = 0;

	while (is_name_byte(name[n]))
		n++;
	return n >= 1 && n <= NAME_MAX_LEN && name[n] == '\0' &&
	    name[0] != '_' && name[0] != '-';
}

const struct service *const *
service_all(void)
{
	return services;
}

bool
service_derivation(int n, struct derivation *out)
{
	const struct service *const *s;
	const struct rule *r;
	const struct derived *d;

	for (s = services; *s != NULL; s++)
		for (r = (*s)->rules; r->id != NULL; r++)
			for (d = r->derives; d->service != NULL; d++) {
				if (n-- > 0)
					continue;
				*out = (struct derivation){ *s, r, d };
				return true;
			}
	return false;
}
