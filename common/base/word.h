/* Finds a word in a list: so text from outside becomes an enum. */
#ifndef WORD_H
#define WORD_H

/* The word's index among n words; -1: it is none of them, or NULL. */
int word_find(const char *const words[], int n, const char *word);

#endif
