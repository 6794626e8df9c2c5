#include "error_class.h"

#include <stddef.h>

const char *error_class_name(enum error_class class)
{
	static const char *const names[ERROR_CLASSES] = {
		[ERROR_NONE] = NULL,
		[ERROR_DNS] = "dns",
		[ERROR_FORBIDDEN] = "forbidden",
		[ERROR_CONNECT] = "connect",
		[ERROR_TLS] = "tls",
		[ERROR_TIMEOUT] = "timeout",
		[ERROR_PROTOCOL] = "protocol",
		[ERROR_HTTP] = "http",
		[ERROR_NATS] = "nats",
		[ERROR_INTERNAL] = "internal",
	};

	return names[class];
}
