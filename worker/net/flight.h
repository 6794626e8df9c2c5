/*
 * One request of the HTTP client, and how its end is judged. Only flight.c and
 * post.c include this header, and so only they see libcurl.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include <curl/curl.h>

#include "answer.h"
#include "post.h"

struct flight {
	CURL *easy;
	struct post *post;
	const struct guard *guard;
	void (*on_head)(struct flight *); /* called when the head is whole */
	struct post_client *client;
	int64_t body_end_ms; /* time until which the body is awaited */
	struct flight *next, *previous; /* list of the client */

	/* Private. */
	struct curl_slist *headers;
	const char *refusal; /* the guard's reason, or NULL */
	struct answer head;
	char error[CURL_ERROR_SIZE];
};

/* Makes a request that can be added to a multi handle; NULL: out of memory. */
struct flight *flight_new(
    struct post *, const struct guard *, void (*on_head)(struct flight *));
void flight_free(struct flight *);
/* Fills in the outcome of its post, from the code and what has arrived. */
void flight_judge(struct flight *, CURLcode);

#endif
