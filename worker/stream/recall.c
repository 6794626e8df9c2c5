#include "recall.h"

enum {
	KEPT_MS = 29000, /* nginx keeps a message for 30 s */
	PAUSE_MS = 1100
};

void
recall_lost(struct recall *r, int64_t now_ms)
{
	r->lost = true;
	r->tell_ms = now_ms + PAUSE_MS;
}

/* Whether nginx must still have a message that was sent at sent_ms. */
static bool
is_kept(int64_t sent_ms, int64_t now_ms)
{
	return sent_ms != 0 && now_ms - sent_ms < KEPT_MS;
}

bool
recall_stored(struct recall *r, int messages, int64_t before_ms,
    int64_t sent_ms, int64_t now_ms)
{
	bool forgot = messages == 1 && is_kept(before_ms, now_ms) && !r->lost;

	r->sent_ms = sent_ms;
	r->stored_ms = now_ms;
	if (forgot)
		recall_lost(r, now_ms);
	return !forgot;
}

bool
recall_counted(struct recall *r, int messages, int64_t asked_ms, int64_t now_ms)
{
	if (messages != 0 || !is_kept(r->sent_ms, now_ms) ||
	    asked_ms <= r->stored_ms || r->lost)
		return true;
	r->sent_ms = 0; /* the loss is known now: report it once */
	recall_lost(r, now_ms);
	return false;
}

bool
recall_is_due(const struct recall *r, int64_t now_ms)
{
	return r->lost && now_ms >= r->tell_ms;
}
