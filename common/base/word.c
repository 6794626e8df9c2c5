#include "word.h"

#include <stddef.h>
#include <string.h>

int
word_find(const char *const words[], int n, const char *word)
{
	int i;

	for (i = 0; i < n && word != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}
