/* Finds a word in a list, which turns text from outside into an enum. */
#ifndef WORD_H
#define WORD_H

/* The word's index among n words; -1: word is not among them, or NULL. */
int word_find(const char *const words[], int n, const char *word);

#endif
