#include "horizon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum {
	TELL_AGAIN_MS = 5 * 60 * 1000
};

static void
tell(struct horizon *h, int64_t now_ms)
{
	bool is_new = h->warning[0] != '\0' && !h->is_told;

	if (h->warning[0] == '\0' && h->is_told)
		log_info("feed: up to date again, after %.0f s", h->lasted);
	h->is_told = h->warning[0] != '\0';
	h->lasted = h->stalled;
	if (!is_new && (!h->is_told || now_ms - h->told_ms < TELL_AGAIN_MS))
		return;
	log_warn("%s", h->warning);
	h->told_ms = now_ms;
}

void
horizon_see(struct horizon *h, const char *tx, const char *age,
    const char *whose, int64_t now_ms)
{
	double open = age != NULL ? strtod(age, NULL) : 0;

	h->stalled = 0;
	h->warning[0] = '\0';
	if (tx != NULL && strcmp(tx, h->tx) == 0) {
		h->stalled = (double)(now_ms - h->since_ms) / 1000;
		/*
		 * The transaction may be older than this worker's first look.
		 */
		if (open > h->stalled)
			h->stalled = open;
	} else {
		snprintf(h->tx, sizeof(h->tx), "%s", tx != NULL ? tx : "");
		h->since_ms = now_ms;
	}
	if (h->stalled >= HORIZON_STALLED_SECONDS)
		snprintf(h->warning, sizeof(h->warning),
		    "feed: %.380s open for %.0f s holds back GET "
		    "/events?after= and the live stream",
		    whose != NULL ? whose : "a transaction of an unknown role",
		    h->stalled);
	else if (h->is_foreign)
		snprintf(h->warning, sizeof(h->warning),
		    "feed: this database was restored from another server's "
		    "dump, and GET /events?after= and the live stream do not "
		    "show its events until they are numbered anew: see "
		    "sql/README.md, \"Backup and retention\"");
	tell(h, now_ms);
}
