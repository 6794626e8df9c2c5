/* A list in a setting: entries separated by commas, with blanks around them. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Takes the first entry off the list: *len bytes from *entry on, without the
 * blanks; 0 bytes if nothing is between two commas. False: the list has ended,
 * and *list is NULL.
 */
bool list_next(const char **list, const char **entry, size_t *len);
bool list_has(const char *list, const char *entry);

#endif
