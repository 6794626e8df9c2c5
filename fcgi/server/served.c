#include "served.h"

#include <string.h>

#include "clock.h"
#include "service.h"

static void
add(struct served *s, const char *name, const char *text, long long number)
{
	s->fields[s->n++] = (struct log_field){ name, text, number };
}

/* An absent text gets no field. */
static void
add_text(struct served *s, const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		add(s, name, text, 0);
}

static void
add_ms(struct served *s, const char *name, int64_t us)
{
	add(s, name, NULL, us / 1000);
}

/* Finds the service by the same rule as smartcity-http.conf for nginx's log. */
static void
find_service(char service[64], const char *path)
{
	const size_t skip = strlen(INGEST_PATH);
	size_t n;

	service[0] = '\0';
	if (strncmp(path, INGEST_PATH, skip) != 0)
		return;
	n = strcspn(path + skip, "/");
	if (n >= 64)
		return;
	memcpy(service, path + skip, n);
	service[n] = '\0';
	if (!service_name_is_valid(service))
		service[0] = '\0';
}

void
served_begin(struct served *s, const struct request *q)
{
	*s = (struct served){ .began_us = clock_steady_us() };
	find_service(s->service, q->path);
	add_text(s, "request_id", q->request_id);
	add_text(s, "service", s->service);
	add_text(s, "method", q->method);
	add_text(s, "path", q->path);
	served_about(s);
}

void
served_about(const struct served *s)
{
	log_about(s->fields);
}

void
served_end(struct served *s, const struct request *q, const struct response *r)
{
	int64_t total = clock_steady_us() - s->began_us;
	int slow = q->business.slow_ms;

	add(s, "status", NULL, r->status);
	add_ms(s, "dur_ms", total);
	add_ms(s, "read_ms", r->took.read);
	add_ms(s, "parse_ms", r->took.parse);
	add_ms(s, "rules_ms", r->took.rules);
	add_ms(s, "db_ms", r->took.db);
	add_ms(s, "write_ms", r->took.write);
	if (slow > 0 && total >= slow * 1000LL)
		log_warn("slow request");
	else
		log_debug("request");
}
