/*
 * receiver PORT [SECONDS [FILE]]: runs a receiver of webhooks, see
 * ../lib/receiver.h, until SECONDS are over (0: never) or SIGTERM or SIGINT
 * comes. Then it prints for each path: requests, different webhook-ids, and, if
 * the bodies were CloudEvents, milliseconds from their `time` to their arrival.
 * FILE gets one line per request, for COPY: microseconds, path, webhook-id,
 * status.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "receiver.h"

enum {
	PATHS = 64 /* that are printed at the most */
};

static void
wait_for_the_end(const sigset_t *stop, int seconds)
{
	const struct timespec t = { seconds, 0 };

	sigtimedwait(stop, NULL, seconds > 0 ? &t : NULL);
}

static void
write_file(const struct receiver *r, const char *name)
{
	const struct receiver_request *q;
	FILE *f = fopen(name, "w");
	uint64_t n;

	if (f == NULL) {
		perror(name);
		exit(1);
	}
	for (n = 0; n < receiver_total(r); n++)
		if ((q = receiver_at(r, n)) != NULL)
			fprintf(f, "%lld\t%s\t%s\t%d\n",
			    (long long)q->received_us, q->path, q->id,
			    q->status);
	fclose(f);
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* ms: a buffer for one value per request. */
static void
tell(const struct receiver *r, const char *path, double *ms)
{
	const struct receiver_request *q;
	int requests = 0, ids = 0;
	size_t timed = 0;
	uint64_t n;

	for (n = 0; n < receiver_total(r); n++) {
		q = receiver_at(r, n);
		if (q == NULL || strcmp(q->path, path) != 0)
			continue;
		requests++;
		ids += q->attempt == 1;
		if (q->time_us > 0 && timed < RECEIVER_RING)
			ms[timed++] =
			    (double)(q->received_us - q->time_us) / 1000;
	}
	printf("%s %d requests, %d ids", path, requests, ids);
	qsort(ms, timed, sizeof(*ms), compare);
	if (timed > 0)
		printf(", ms p50 %.1f p99 %.1f max %.1f", ms[timed / 2],
		    ms[timed * 99 / 100], ms[timed - 1]);
	putchar('\n');
}

static void
tell_each(const struct receiver *r)
{
	char paths[PATHS][sizeof(receiver_at(r, 0)->path)];
	double *ms = calloc(RECEIVER_RING, sizeof(*ms));
	const struct receiver_request *q;
	int known = 0, i;
	uint64_t n;

	if (ms == NULL)
		abort();
	for (n = 0; n < receiver_total(r) && known < PATHS; n++) {
		if ((q = receiver_at(r, n)) == NULL)
			continue;
		for (i = 0; i < known && strcmp(paths[i], q->path) != 0; i++)
			;
		if (i < known)
			continue;
		strcpy(paths[known++], q->path);
		tell(r, q->path, ms);
	}
	free(ms);
}

int
main(int argc, char **argv)
{
	struct receiver r = { 0 };
	sigset_t stop;

	if (argc < 2 || argc > 4) {
		fputs("Usage: receiver PORT [SECONDS [FILE]]\n", stderr);
		return 2;
	}
	r.port = atoi(argv[1]);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	receiver_start(&r);
	wait_for_the_end(&stop, argc > 2 ? atoi(argv[2]) : 0);
	tell_each(&r);
	if (argc > 3)
		write_file(&r, argv[3]);
	receiver_stop(&r);
	return 0;
}
