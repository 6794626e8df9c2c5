#include "rules.h"

#include <stdlib.h>

#include "validate.h"

enum {
	WHOLE_KEY_MAX = 2 << 20, /* bytes of a key before id_shorten() */
	JSON_MAX = 16 << 20      /* bytes of a payload: a body, escaped */
};

static int
field_index(const struct service *service, const char *name, size_t len)
{
	const struct field *f;

	for (f = service->fields; f->name != NULL; f++)
		if (strlen(f->name) == len && strncmp(f->name, name, len) == 0)
			return (int)(f - service->fields);
	return -1;
}

/* As Python's str(), so that keys are those of the Python system. */
static void
put_text(const struct service *service, const struct value *values, int i,
    struct buf *out)
{
	const struct value *v = &values[i];

	if (!v->is_set)
		buf_puts(out, "None");
	else if (service->fields[i].type == FIELD_STRING)
		buf_puts(out, v->string);
	else if (service->fields[i].type == FIELD_BOOL)
		buf_puts(out, v->truth ? "True" : "False");
	else
		buf_puts(out, v->text);
}

static void
put_key(const struct service *service, const struct value *values,
    const char *template, struct buf *key)
{
	const char *p;
	size_t len;
	int i;

	for (p = template; *p != '\0'; p += len) {
		len = strcspn(p, *p == '{' ? "}" : "{") + (*p == '{');
		i = *p == '{' ? field_index(service, p + 1, len - 2) : -1;
		if (i >= 0)
			put_text(service, values, i, key);
		else
			buf_put(key, p, len);
	}
	/* An index entry holds 2.7 kB at most, a field can have a megabyte. */
	id_shorten(key, RULES_KEY_MAX);
}

static void
put_field(const struct service *service, const struct value *values, int field,
    struct buf *out)
{
	validate_write(service->fields[field].type, &values[field], out);
}

static void
put_payload(const struct service *service, const struct value *values,
    const struct member *m, struct buf *out)
{
	char separator = '{';

	for (; m->name != NULL; m++) {
		buf_putc(out, separator);
		separator = ',';
		buf_json_string(out, m->name, strlen(m->name));
		buf_putc(out, ':');
		if (m->literal != NULL)
			buf_json_string(out, m->literal, strlen(m->literal));
		else
			put_field(service, values, m->field, out);
	}
	buf_putc(out, '}');
}

static void
watch(const struct service *service, const struct value *values,
    struct finding *f)
{
	int i = field_index(service, f->rule->watch, strlen(f->rule->watch));

	f->is_watched = values[i].is_set;
	if (f->is_watched && service->fields[i].type == FIELD_STRING)
		buf_puts(&f->watched, values[i].string);
	else if (f->is_watched)
		put_field(service, values, i, &f->watched);
}

static int
override(int setting, int of_rule)
{
	return setting >= 0 ? setting : of_rule;
}

static struct finding *
add(struct findings *out)
{
	struct finding *more, *f;

	more = realloc(out->list, (size_t)(out->n + 1) * sizeof(*more));
	if (more == NULL)
		return NULL;
	out->list = more;
	f = &more[out->n++];
	*f = (struct finding){ .id = id_new() };
	buf_init(&f->key, WHOLE_KEY_MAX);
	buf_init(&f->watched, JSON_MAX);
	buf_init(&f->payload, JSON_MAX);
	return f;
}

static void
find(const struct service *service, const struct value *values,
    const struct business *business, const struct rule *rule,
    const struct derived *derived, struct findings *out)
{
	struct finding *f = add(out);

	if (f == NULL) {
		out->failed = true;
		return;
	}
	f->rule = rule;
	f->derived = derived;
	f->quiet_seconds =
	    override(business->quiet_seconds, rule->quiet_seconds);
	f->remind_seconds =
	    override(business->remind_seconds, rule->remind_seconds);
	if (rule->key != NULL)
		put_key(service, values, rule->key, &f->key);
	if (rule->watch != NULL)
		watch(service, values, f);
	put_payload(service, values, derived->payload, &f->payload);
	out->failed |= f->key.failed || f->watched.failed || f->payload.failed;
}

void
rules_evaluate(const struct service *service, const struct value values[],
    const struct business *business, struct findings *out)
{
	const struct derived *d;
	const struct rule *rule;

	*out = (struct findings){ 0 };
	for (rule = service->rules; rule->id != NULL; rule++)
		if (rule->applies(values, business))
			for (d = rule->derives; d->service != NULL; d++)
				find(service, values, business, rule, d, out);
}

void
findings_free(struct findings *f)
{
	int i;

	for (i = 0; i < f->n; i++) {
		buf_free(&f->list[i].key);
		buf_free(&f->list[i].watched);
		buf_free(&f->list[i].payload);
	}
	free(f->list);
	*f = (struct findings){ 0 };
}
