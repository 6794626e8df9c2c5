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
	void (*on_head)(struct flight *); /* called once the head is whole */
	struct post_client *client;
	int64_t body_end_ms; /* the rest of the body is awaited until then */
	struct flight *next, *previous; /* of the client */

	/* Private. */
	struct curl_slist *headers;
	const char *refusal; /* the guard's reason, or NULL */
	struct answer head;
	char error[CURL_ERROR_SIZE];
};

/* Ready to be added to a multi handle; NULL: out of memory. */
struct flight *flight_new(
    struct post *, const struct guard *, void (*on_head)(struct flight *));
void flight_free(struct flight *);
/* Fills in the outcome of its post, from the code and what has arrived. */
void flight_judge(struct flight *, CURLcode);

#endif
