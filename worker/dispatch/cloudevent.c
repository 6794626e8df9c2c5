#include "cloudevent.h"

#include <string.h>

static void
put(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, ",\"%s\":", name);
	buf_json_string(out, value, strlen(value));
}

void
cloudevent_write(struct buf *out, const struct message *m)
{
	buf_puts(out, "{\"specversion\":\"1.0\"");
	put(out, "id", m->id);
	put(out, "source", m->source != NULL ? m->source : "/ingest");
	put(out, "type", m->topic);
	put(out, "time", m->time);
	put(out, "subject", m->subject);
	put(out, "causationid", m->causation_id);
	buf_puts(out, ",\"datacontenttype\":\"application/json\",\"data\":");
	buf_puts(out, m->data);
	buf_putc(out, '}');
}
