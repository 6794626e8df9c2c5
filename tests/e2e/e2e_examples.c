/*
 * The READMEs' examples of receivers and the first commands of README.md, run
 * as a reader would paste them.
 */
#include "t.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deliveries.h"
#include "http.h"
#include "receiver.h"
#include "shell.h"
#include "stack.h"

static bool
is_listening(void *arg)
{
	struct http h = http_get(*(int *)arg, "/");
	bool answered = h.status != 0;

	http_free(&h);
	return answered;
}

static void
example__receiver_in_python__knows_ours_from_others(void **state)
{
	static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	int port = stack_free_port(), pid;
	char *id, target[80], number[16];
	struct http h;

	(void)state;
	snprintf(number, sizeof(number), "%d", port);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execlp("python3", "python3", "worker/examples/receiver.py",
		    secret, number, (char *)NULL);
		_exit(127);
	}
	stack_wait(is_listening, &port, "the receiver listens");
	id = deliveries_subscribe("event.security", "/", "");
	t_exec(deliveries_stack.url,
	    "UPDATE subscriptions SET url = 'http://127.0.0.1:%d/',"
	    " secret = '%s'",
	    port, secret);
	deliveries_emergency(1011, "");
	deliveries_await_text("/outbox?status=delivered", "\"delivered\"");
	t_exec(deliveries_stack.url,
	    "UPDATE subscriptions SET"
	    " secret = 'whsec_AfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'");
	snprintf(target, sizeof(target), "/subscriptions/%s/test", id);
	h = http_send(deliveries_stack.port, "POST", target, "", NULL);
	http_free(&h);
	deliveries_await_text(
	    "/outbox?topic=subscription.test", "answered 401");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	free(id);
}

static bool
is_verified(void *path)
{
	return shell("grep -q \"verified: event.transport "
		     ".*'dispatch_nearest_vehicle'\" %s && "
		     "grep -q '{\"stored\":1,\"duplicate\":0,\"rejected\":1,"
		     "\"results\":\\[{\"index\":0,\"status\":200,' %s",
		   (const char *)path, (const char *)path) == 0;
}

/* All blocks as a reader pastes them, except for the two ports. */
static void
readme__events_and_webhook__pasted__verified(void **state)
{
	int port = stack_free_port();
	char output[96];

	(void)state;
	snprintf(output, sizeof(output), "%s/pasted", deliveries_stack.dir);
	shell_must("{ echo 'trap \"kill 0\" TERM'; sed -n '/^```sh/,/^```$/p' "
		   "README.md | sed -e '/^```/d' -e 's/8000/%d/; s/9000/%d/' "
		   "-e 's/\"$secret\"/& %d/'; echo wait; } >%s.sh; "
		   "setsid sh %s.sh >%s 2>&1 & echo $! >%s.id",
	    deliveries_stack.port, port, port, output, output, output, output);
	stack_wait(
	    is_verified, output, "a webhook is verified, a batch answered");
	shell_must("kill $(cat %s.id) && "
		   "grep -q '\"derived_events\":\\[\"[^]]*\",\"[^]]*\"\\]' %s",
	    output, output);
}

static void
example__signature_in_shell__knows_ours_from_others(void **state)
{
	const struct receiver_request *r;
	char *id = deliveries_subscribe("event.security", "/ok/shell", ""), *at,
	     *by;
	char path[96];
	FILE *f;

	(void)state;
	t_exec(deliveries_stack.url,
	    "UPDATE subscriptions SET secret ="
	    " 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'");
	deliveries_emergency(1012, "");
	deliveries_await("/ok/shell", 1);
	r = receiver_find(&deliveries_receiver, "/ok/shell", 0);
	snprintf(path, sizeof(path), "%s/body", deliveries_stack.dir);
	f = fopen(path, "w");
	fwrite(r->body, 1, r->body_len, f);
	fclose(f);
	at = receiver_header(r, "webhook-timestamp");
	by = receiver_header(r, "webhook-signature");
	shell_must(
	    "verify=worker/examples/verify.sh; "
	    "$verify whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw %s %s '%s' <%s && "
	    "! $verify whsec_AfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw %s %s '%s' <%s "
	    "&& ! $verify whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw %s 1 '%s' "
	    "<%s",
	    r->id, at, by, path, r->id, at, by, path, r->id, by, path);
	free(at);
	free(by);
	free(id);
}

/* A receiver must not accept a time in the future either. */
static void
example__signature_in_shell__within_five_minutes_of_now(void **state)
{
	char out[64];

	(void)state;
	shell_read(out, sizeof(out),
	    "secret=MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw; "
	    "key=$(echo $secret | base64 -d | od -An -v -tx1 | tr -d ' \\n'); "
	    "for age in 400 200 -200 -400; do "
	    "at=$(($(date +%%s) - age)); "
	    "mac=$(printf 'x.%%s.{}' $at | openssl dgst -sha256 -mac HMAC "
	    "-macopt hexkey:$key -binary | base64); "
	    "printf {} | worker/examples/verify.sh whsec_$secret x $at "
	    "v1,$mac; printf '%%s ' $?; done");
	assert_string_equal(out, "1 0 0 1 ");
}

static const struct CMUnitTest tests[] = {
	TEST(example__receiver_in_python__knows_ours_from_others),
	TEST(example__signature_in_shell__knows_ours_from_others),
	TEST(example__signature_in_shell__within_five_minutes_of_now),
	TEST(readme__events_and_webhook__pasted__verified),
};

T_MAIN_WITH(tests, deliveries_open, deliveries_close)
