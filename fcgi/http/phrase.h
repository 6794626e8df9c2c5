/* The reason phrases of HTTP: RFC 9110, section 15, and RFC 6585. */
#ifndef PHRASE_H
#define PHRASE_H

/* "Not Found" for 404; "Unknown" for a status that the pool never sends. */
const char *phrase(int status);

#endif
