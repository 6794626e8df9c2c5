#include "net.h"

enum status
net_open(struct net *net, const struct config *config, char error[256])
{
	enum status status;

	net->http = NULL;
	status = guard_init(&net->guard, config->delivery_allow, error);
	if (status != STATUS_OK)
		return status;
	return post_open(&net->http, &net->guard, error);
}

void
net_close(struct net *net)
{
	post_close(net->http);
	net->http = NULL;
}
