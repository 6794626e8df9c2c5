/* A list in a setting: entries separated by commas, with blanks around them. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Cuts the first entry off: *len bytes from *entry on, without the blanks, and
 * none where nothing is between two commas. False: the list has ended, which
 * *list tells by being NULL.
 */
bool list_next(const char **list, const char **entry, size_t *len);

#endif
