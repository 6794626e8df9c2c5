/* Prometheus' text format, version 0.0.4. */
#ifndef PROM_H
#define PROM_H

#include "buf.h"
#include "metric.h"

#define PROM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Begins a family; all its samples must follow before the next family. */
void prom_family(struct buf *, enum metric);
/*
 * labels: pairs of name and value, ended by a NULL name; NULL: none. Values can
 * be any text.
 */
void prom_sample(
    struct buf *, enum metric, const char *const labels[], double value);
/* Writes a sample of a part of a histogram: "_bucket", "_sum" or "_count". */
void prom_part(struct buf *, enum metric, const char *part,
    const char *const labels[], double value);

#endif
