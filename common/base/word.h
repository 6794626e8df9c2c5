/* A word among a list of words: where text from outside becomes an enum. */
#ifndef WORD_H
#define WORD_H

/* Its index among the n words; -1: it is none of them, or NULL. */
int word_find(const char *const words[], int n, const char *word);

#endif
