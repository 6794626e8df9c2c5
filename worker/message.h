/* One attempt to deliver one message of the outbox. */
#ifndef MESSAGE_H
#define MESSAGE_H

/* All strings belong to the batch that the message was claimed with. */
struct message {
	const char *id;       /* the same at every attempt: deduplicate by it */
	const char *event_id; /* the derived event */
	const char *topic;    /* event.{service} */
	const char *payload;  /* a JSON object, to be sent byte for byte */
	int attempt;          /* 1 is the first; fences off late settles */
};

#endif
