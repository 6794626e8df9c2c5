#include "lane.h"

int
lane_window(const struct lane *lane)
{
	int64_t window = lane->max_in_flight;

	if (lane->answer_ms > 0)
		window = window * LANE_AHEAD_MS / lane->answer_ms;
	if (window > LANE_AHEAD_MAX)
		window = LANE_AHEAD_MAX;
	return window > lane->max_in_flight ? (int)window : lane->max_in_flight;
}

bool
lane_is_quick(const struct lane *lane)
{
	return lane->answer_ms > 0 && lane->answer_ms <= LANE_AHEAD_MS;
}

int
lane_room(const struct lane *lane, int left)
{
	int room = lane_window(lane) - lane->held;

	if (!lane_is_quick(lane) && room > left)
		room = left > 0 || lane->held > 0 ? left : 1;
	return room > 0 ? room : 0;
}

bool
lane_may_start(const struct lane *lane, int busy, int max)
{
	if (busy >= max || lane->in_flight >= lane->max_in_flight)
		return false;
	if (lane_is_quick(lane))
		return true;
	return busy < (max + 1) / 2 ||
	    (lane->in_flight == 0 && busy < max - max / 8);
}

/*
 * A moving average with weight 1/8; an answer more than eight times slower than
 * the average replaces it.
 */
void
lane_answered(struct lane *lane, int64_t ms)
{
	lane->failures = 0;
	if (ms < 1)
		ms = 1;
	if (lane->answer_ms == 0 || ms > 8 * lane->answer_ms)
		lane->answer_ms = ms;
	else
		lane->answer_ms += (ms - lane->answer_ms) / 8;
	if (lane->answer_ms < 1)
		lane->answer_ms = 1;
}

void
lane_failed(struct lane *lane)
{
	lane->failures++;
	lane->answer_ms = 0;
}

bool
lane_is_broken(const struct lane *lane)
{
	return lane->failures >= LANE_FAILURES;
}
