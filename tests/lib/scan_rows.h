/*
 * Texts for the scanner, as a table: each row is one test, and its name says
 * whether the text is accepted.
 */
#ifndef SCAN_ROWS_H
#define SCAN_ROWS_H

#include "t.h"

#include "scan.h"

#define SCAN_ROW(name, text, status)                                           \
	{                                                                      \
		name, text, sizeof(text) - 1, status                           \
	}
#define NO(name, text) SCAN_ROW(name "__refused", text, STATUS_REJECT)
#define YES(name, text) SCAN_ROW(name "__accepted", text, STATUS_OK)

struct scan_row {
	const char *name, *text;
	size_t len;
	enum status status;
};

/* To be called by main(); returns the number of failures. */
int scan_rows_run(const char *group, const struct scan_row *, size_t n);

#endif
