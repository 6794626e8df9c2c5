#include "request.h"

enum {
	HEADERS_MAX = 32 << 10 /* bytes */
};

void
response_init(struct response *r)
{
	*r = (struct response){
		.status = 200, .content_type = "application/json", .outcome = -1
	};
	buf_init(&r->headers, HEADERS_MAX);
	buf_init(&r->body, RESPONSE_MAX);
}

void
response_free(struct response *r)
{
	buf_free(&r->headers);
	buf_free(&r->body);
}
