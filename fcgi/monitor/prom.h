/* Prometheus' text format, version 0.0.4. */
#ifndef PROM_H
#define PROM_H

#include "buf.h"

#define PROM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Begins a family; all its samples must follow before the next family. */
void prom_family(
    struct buf *, const char *name, const char *type, const char *help);
/*
 * labels: pairs of name and value, ended by a NULL name; or NULL, no labels.
 * Values can be any text.
 */
void prom_sample(
    struct buf *, const char *name, const char *const labels[], double value);

#endif
