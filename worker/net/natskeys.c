#include "natskeys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "url.h"

#define CREDS "SMARTCITY_NATS_CREDS"
#define CA "SMARTCITY_NATS_CA"
#define BEGINS "-----BEGIN "

enum {
	ERROR_LEN = 256,
	LINE_LEN = 256
};

/*
 * Each creds file is bound to a host: anyone who creates a subscription chooses
 * the server, and could otherwise have the creds of another server sent to it.
 */
struct entry {
	char host[URL_HOST_MAX + 1];
	int port; /* 0: any */
	char path[CONFIG_TEXT_LEN];
};

static char creds[CONFIG_TEXT_LEN], ca[CONFIG_TEXT_LEN]; /* the settings */

/* Parses "host=path" or "host:port=path"; false: it is neither. */
static bool
parse(struct entry *e, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	char name[CONFIG_TEXT_LEN + 16];
	struct url url;
	bool has_port;
	size_t n;

	if (equals == NULL || equals + 1 == text + len)
		return false;
	n = (size_t)(equals - text);
	if (memchr(text, '/', n) != NULL)
		return false;
	snprintf(name, sizeof(name), "nats://%.*s/x", (int)n, text);
	if (url_parse(&url, name) != NULL || url.user_len > 0)
		return false;
	strcpy(e->host, url.host);
	/* An IPv6 address has colons too, but ends with a bracket. */
	has_port = memchr(text, ':', n) != NULL && text[n - 1] != ']';
	e->port = has_port ? url.port : 0;
	snprintf(
	    e->path, sizeof(e->path), "%.*s", (int)(len - n - 1), equals + 1);
	return true;
}

/*
 * Takes the next entry; *at is the rest of the list. False: the list has ended
 * (*bad is NULL), or an entry is wrong (*bad points to it).
 */
static bool
next(const char **at, struct entry *e, const char **bad, size_t *bad_len)
{
	const char *text;
	size_t len;

	*bad = NULL;
	while (list_next(at, &text, &len)) {
		if (len == 0)
			continue;
		if (parse(e, text, len))
			return true;
		*bad = text;
		*bad_len = len;
		return false;
	}
	return false;
}

/* Whether the file can be read and has a block whose name holds `block`. */
static enum status
check_file(const char *setting, const char *path, const char *block,
    char error[ERROR_LEN])
{
	FILE *f = fopen(path, "re");
	char line[LINE_LEN];
	bool has = false;

	if (f == NULL) {
		snprintf(error, ERROR_LEN, "%s: cannot read %.120s: %s",
		    setting, path, strerror(errno));
		return STATUS_REJECT;
	}
	while (!has && fgets(line, sizeof(line), f) != NULL)
		has = strncmp(line, BEGINS, strlen(BEGINS)) == 0 &&
		    strstr(line, block) != NULL;
	explicit_bzero(line, sizeof(line));
	fclose(f);
	if (has)
		return STATUS_OK;
	snprintf(error, ERROR_LEN, "%s: %.120s holds no \"" BEGINS "%s\"",
	    setting, path, block);
	return STATUS_REJECT;
}

static enum status
check_creds(const char *text, char error[ERROR_LEN])
{
	enum status status;
	struct entry e;
	const char *bad;
	size_t len;

	while (next(&text, &e, &bad, &len)) {
		status = check_file(CREDS, e.path, "NATS USER JWT", error);
		if (status == STATUS_OK)
			status =
			    check_file(CREDS, e.path, "USER NKEY SEED", error);
		if (status != STATUS_OK)
			return status;
	}
	if (bad == NULL)
		return STATUS_OK;
	snprintf(error, ERROR_LEN,
	    CREDS ": \"%.*s\" is not of the form host=path or host:port=path",
	    (int)(len < 120 ? len : 120), bad);
	return STATUS_REJECT;
}

enum status
natskeys_open(const struct config *c, char error[ERROR_LEN])
{
	enum status status = check_creds(c->nats_creds, error);

	if (status == STATUS_OK && c->nats_ca[0] != '\0')
		status = check_file(CA, c->nats_ca, "CERTIFICATE", error);
	if (status == STATUS_OK) {
		strcpy(creds, c->nats_creds);
		strcpy(ca, c->nats_ca);
	}
	return status;
}

bool
natskeys_creds(const char *host, int port, char path[CONFIG_TEXT_LEN])
{
	const char *text = creds;
	struct entry e;
	const char *bad;
	size_t len;

	while (next(&text, &e, &bad, &len))
		if (strcmp(e.host, host) == 0 &&
		    (e.port == 0 || e.port == port)) {
			strcpy(path, e.path);
			return true;
		}
	return false;
}

const char *
natskeys_ca(void)
{
	return ca[0] != '\0' ? ca : NULL;
}
