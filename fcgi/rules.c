#include "rules.h"

#include "id.h"
#include "score.h"
#include "utf8.h"
#include "validate.h"

enum {
	WHOLE_KEY_MAX = 2 << 20 /* bytes, before it is cut: two whole bodies */
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

/* As the Python str() of the value, which the seed's keys are made of. */
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

/* An index holds 2.7 kB at most, and a neighborhood can be a megabyte. */
static void
shorten(struct buf *key)
{
	struct id hash = id_hash(key->data, key->len);
	size_t keep = 0, step;

	while ((step = utf8_sequence(key->data + keep, key->len - keep)) > 0 &&
	    keep + step <= RULES_KEY_MAX - ID_LEN - 1)
		keep += step;
	key->len = keep;
	buf_putc(key, '~');
	buf_puts(key, hash.text);
}

static void
put_key(const struct service *service, const struct value *values,
    const char *template, struct buf *out)
{
	struct buf key;
	const char *p;
	size_t len;
	int i;

	buf_init(&key, WHOLE_KEY_MAX);
	for (p = template; *p != '\0'; p += len) {
		len = strcspn(p, *p == '{' ? "}" : "{") + (*p == '{');
		i = *p == '{' ? field_index(service, p + 1, len - 2) : -1;
		if (i >= 0)
			put_text(service, values, i, &key);
		else
			buf_put(&key, p, len);
	}
	if (key.len > RULES_KEY_MAX)
		shorten(&key);
	buf_json_string(out, key.data, key.len);
	buf_free(&key);
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
			validate_write(service->fields[m->field].type,
			    &values[m->field], out);
	}
	buf_putc(out, '}');
}

static int
override(int setting, int of_rule)
{
	return setting >= 0 ? setting : of_rule;
}

static void
put_finding(const struct service *service, const struct value *values,
    const struct business *business, const struct rule *rule,
    const struct derived *derived, int n, struct buf *out)
{
	struct id id = id_new();
	int watch = rule->watch == NULL
	    ? -1
	    : field_index(service, rule->watch, strlen(rule->watch));

	buf_printf(out,
	    "%s{\"n\":%d,\"id\":\"%s\",\"service\":\"%s\","
	    "\"quiet\":%d,\"remind\":%d",
	    n > 0 ? "," : "", n, id.text, derived->service,
	    override(business->quiet_seconds, rule->quiet_seconds),
	    override(business->remind_seconds, rule->remind_seconds));
	if (rule->key != NULL) {
		buf_puts(out, ",\"key\":");
		put_key(service, values, rule->key, out);
	}
	if (watch >= 0) {
		buf_puts(out, ",\"watched\":");
		validate_write(
		    service->fields[watch].type, &values[watch], out);
	}
	buf_puts(out, ",\"payload\":");
	put_payload(service, values, derived->payload, out);
	buf_putc(out, '}');
}

int
rules_evaluate(const struct service *service, const struct value values[],
    const struct business *business, struct buf *out)
{
	const struct derived *d;
	const struct rule *rule;
	int n = 0;

	buf_putc(out, '[');
	for (rule = service->rules; rule->applies != NULL; rule++) {
		if (!rule->applies(values, business))
			continue;
		for (d = rule->derives; d->service != NULL; d++)
			put_finding(
			    service, values, business, rule, d, n++, out);
	}
	buf_putc(out, ']');
	return n;
}

/* Among those of all services, in their order: score_rule_label(). */
static int
first_rule(const struct service *service)
{
	const struct service *const *s;
	const struct derived *d;
	const struct rule *rule;
	int n = 0;

	for (s = service_all(); *s != NULL && *s != service; s++)
		for (rule = (*s)->rules; rule->applies != NULL; rule++)
			for (d = rule->derives; d->service != NULL; d++)
				n++;
	return n;
}

void
rules_count(const struct service *service, const struct value values[],
    const struct business *business, const char *findings, const char *derived)
{
	static const char id[] = ",\"id\":\"";
	int n = first_rule(service);
	const struct derived *d;
	const struct rule *rule;

	for (rule = service->rules; rule->applies != NULL; rule++) {
		if (!rule->applies(values, business)) {
			for (d = rule->derives; d->service != NULL; d++)
				n++;
			continue;
		}
		for (d = rule->derives; d->service != NULL; d++, n++) {
			findings = strstr(findings, id);
			if (findings == NULL || strlen(derived) < ID_LEN)
				return;
			findings += sizeof(id) - 1;
			/* Where it fired, its own id stands for it. */
			score_rule(n, strncmp(findings, derived, ID_LEN) == 0);
			derived += ID_LEN + (derived[ID_LEN] == ',');
		}
	}
}
