#include "prom.h"

#include <math.h>

void
prom_family(struct buf *out, enum metric metric)
{
	const struct metric_family *f = metric_family(metric);

	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help,
	    f->name, f->type);
}

static void
put_escaped(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n')
			buf_puts(out, "\\n");
		else if (*s == '"' || *s == '\\')
			buf_printf(out, "\\%c", *s);
		else
			buf_putc(out, *s);
	}
}

void
prom_part(struct buf *out, enum metric metric, const char *part,
    const char *const labels[], double value)
{
	int i;

	buf_printf(out, "%s%s", metric_family(metric)->name, part);
	for (i = 0; labels != NULL && labels[i] != NULL; i += 2) {
		buf_printf(out, "%c%s=\"", i == 0 ? '{' : ',', labels[i]);
		put_escaped(out, labels[i + 1]);
		buf_putc(out, '"');
	}
	if (i > 0)
		buf_putc(out, '}');
	if (isfinite(value))
		buf_printf(out, " %.15g\n", value);
	else
		buf_puts(out,
		    isnan(value)    ? " NaN\n"
			: value > 0 ? " +Inf\n"
				    : " -Inf\n");
}

void
prom_sample(struct buf *out, enum metric metric, const char *const labels[],
    double value)
{
	prom_part(out, metric, "", labels, value);
}
