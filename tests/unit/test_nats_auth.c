/*
 * Real NATS servers that want to know who publishes: by user and password, by a
 * token, by a creds file; and those that prove who they are, by TLS.
 */
#include "t.h"

#include <nats/nats.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "nkeys.h"
#include "sink.h"
#include "stack.h"

enum {
	TIMEOUT_MS = 10000,
	SHORT_MS = 400,
	CONFIG_LEN = 8192
};

/* --- servers ------------------------------------------------------------- */

enum {
	PLAIN, /* users: ann may all, bob little, eve cannot hear answers */
	TOKEN,
	TLS, /* with a certificate for localhost and 127.0.0.2, of our CA */
	JWT, /* in operator mode */
	SERVERS
};

static struct {
	pid_t pid;
	int port;
} servers[SERVERS];

static char dir[256];
static int count; /* of the attempts that are done */
static struct nkey master, account, system_account, user, stranger;

static const char *
path(const char *name)
{
	static char paths[4][sizeof(dir) + 32];
	static int n;
	char *p = paths[n++ % 4];

	snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void shell(const char *fmt, ...) T_PRINTF(1, 2);

static void
shell(const char *fmt, ...)
{
	char command[2048], all[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(all, sizeof(all), "cd '%s' && { %s; } >log.openssl 2>&1", dir,
	    command);
	if (system(all) != 0)
		fail_msg("failed: %s", command);
}

/* ca.pem, and server.pem that it signed; other-ca.pem, which is nobody's. */
static void
make_certificates(void)
{
#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
	shell("openssl req -x509 " NEW_KEY
	      "-subj /CN=ours -days 2 -keyout ca.key -out ca.pem");
	shell("openssl req -x509 " NEW_KEY
	      "-subj /CN=other -days 2 -keyout other.key -out other-ca.pem");
	shell("openssl req " NEW_KEY
	      "-subj /CN=server -keyout server.key -out server.csr");
	shell("echo subjectAltName=DNS:localhost,IP:127.0.0.2 >san && "
	      "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key "
	      "-CAcreateserial -days 2 -extfile san -out server.pem");
#undef NEW_KEY
}

static void
write_creds(const char *name, const char *jwt, const struct nkey *key)
{
	char text[CONFIG_LEN];

	snprintf(text, sizeof(text),
	    "-----BEGIN NATS USER JWT-----\n%s\n"
	    "------END NATS USER JWT------\n\n"
	    "-----BEGIN USER NKEY SEED-----\n%s\n"
	    "------END USER NKEY SEED------\n",
	    jwt, key->seed);
	write_file(name, text);
}

/* user.creds, and stranger.creds of a user that nobody vouches for. */
static void
put_operator(char *out, size_t n)
{
	static const char limits[] =
	    "\"type\":\"account\",\"limits\":{\"subs\":-1,\"data\":-1,"
	    "\"payload\":-1,\"imports\":-1,\"exports\":-1,\"wildcards\":true,"
	    "\"conn\":-1,\"leaf\":-1,\"mem_storage\":-1,\"disk_storage\":-1,"
	    "\"streams\":-1,\"consumer\":-1}";
	static const char plain[] =
	    "\"type\":\"account\",\"limits\":{\"subs\":-1,\"data\":-1,"
	    "\"payload\":-1,\"imports\":-1,\"exports\":-1,\"wildcards\":true,"
	    "\"conn\":-1,\"leaf\":-1}";
	static const char may[] = "\"type\":\"user\",\"pub\":{},\"sub\":{},"
				  "\"subs\":-1,\"data\":-1,\"payload\":-1";
	char *own, *ours, *systems, *users, *strangers;

	nkey_new(&master, NKEY_OPERATOR);
	nkey_new(&account, NKEY_ACCOUNT);
	nkey_new(&system_account, NKEY_ACCOUNT);
	nkey_new(&user, NKEY_USER);
	nkey_new(&stranger, NKEY_USER);
	own = nkey_jwt(&master, &master, "\"type\":\"operator\"");
	ours = nkey_jwt(&master, &account, limits);
	systems = nkey_jwt(&master, &system_account, plain);
	users = nkey_jwt(&account, &user, may);
	strangers = nkey_jwt(&user, &stranger, may);
	write_creds("user.creds", users, &user);
	write_creds("stranger.creds", strangers, &stranger);
	snprintf(out, n,
	    "operator: %s\nsystem_account: %s\nresolver: MEMORY\n"
	    "resolver_preload: { %s: %s, %s: %s }\n",
	    own, system_account.id, account.id, ours, system_account.id,
	    systems);
	free(own);
	free(ours);
	free(systems);
	free(users);
	free(strangers);
}

static void
become_server(const char *file)
{
	int fd = open(path("log"), O_CREAT | O_WRONLY | O_APPEND, 0644);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that died leaves none */
	if (chdir(dir) == 0)
		execlp("nats-server", "nats-server", "-c", file, NULL);
	_exit(127);
}

static void
start_server(int i, const char *more)
{
	char text[CONFIG_LEN], name[32];

	servers[i].port = stack_free_port();
	snprintf(text, sizeof(text),
	    "listen: \"0.0.0.0:%d\"\njetstream { store_dir: \"data%d\" }\n%s",
	    servers[i].port, i, more);
	snprintf(name, sizeof(name), "server%d.conf", i);
	write_file(name, text);
	servers[i].pid = fork();
	if (servers[i].pid == 0)
		become_server(name);
}

static void
start_servers(void)
{
	char jwt[CONFIG_LEN - 256];

	put_operator(jwt, sizeof(jwt));
	make_certificates();
	start_server(PLAIN,
	    "authorization { users = [\n"
	    " { user: ann, password: \"p@ss:/w%2Ford\" }\n"
	    " { user: bob, password: bob, permissions: {\n"
	    "   publish: \"bobs.>\", subscribe: \"_INBOX.>\" } }\n"
	    " { user: eve, password: eve, permissions: {\n"
	    "   publish: \">\", subscribe: \"eves.>\" } } ] }\n");
	start_server(TOKEN, "authorization { token: \"t0k:en\" }\n");
	start_server(TLS,
	    "tls { cert_file: server.pem, key_file: server.key }\n"
	    "authorization { user: ann, password: ann }\n");
	start_server(JWT, jwt);
}

/* --- streams, by connections of the test's own --------------------------- */

static natsStatus
connect_own(int i, natsConnection **nc)
{
	natsOptions *o;
	natsStatus rc;
	char url[64];

	assert_int_equal(natsOptions_Create(&o), NATS_OK);
	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", servers[i].port);
	natsOptions_SetURL(o, url);
	if (i == PLAIN)
		natsOptions_SetUserInfo(o, "ann", "p@ss:/w%2Ford");
	else if (i == TOKEN)
		natsOptions_SetToken(o, "t0k:en");
	else if (i == TLS) {
		natsOptions_SetUserInfo(o, "ann", "ann");
		natsOptions_SkipServerVerification(o, true);
	} else
		natsOptions_SetUserCredentialsFromFiles(
		    o, path("user.creds"), NULL);
	rc = natsConnection_Connect(nc, o);
	natsOptions_Destroy(o);
	return rc;
}

static bool
makes_stream(void *arg)
{
	const char *subjects[] = { "city.>", "bobs.>" };
	natsConnection *nc = NULL;
	jsCtx *js = NULL;
	jsStreamConfig c;
	jsErrCode code;
	natsStatus rc = connect_own(*(int *)arg, &nc);

	jsStreamConfig_Init(&c);
	c.Name = "CITY";
	c.Subjects = subjects;
	c.SubjectsLen = 2;
	if (rc == NATS_OK)
		rc = natsConnection_JetStream(&js, nc, NULL);
	if (rc == NATS_OK)
		rc = js_AddStream(NULL, js, &c, NULL, &code);
	jsCtx_Destroy(js);
	natsConnection_Destroy(nc);
	return rc == NATS_OK;
}

static int
group_setup(void **state)
{
	static const char *const names[] = { "user and password", "token",
		"TLS", "operator mode" };
	const char *tmp = getenv("TMPDIR");
	int i;

	(void)state;
	snprintf(
	    dir, sizeof(dir), "%s/nats-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	start_servers();
	for (i = 0; i < SERVERS; i++)
		stack_wait(makes_stream, &i, names[i]);
	return 0;
}

static int
remove_it(const char *name, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(name);
}

static int
group_teardown(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < SERVERS; i++) {
		kill(servers[i].pid, SIGTERM);
		waitpid(servers[i].pid, NULL, 0);
	}
	nats_CloseAndWait(TIMEOUT_MS);
	return nftw(dir, remove_it, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- a recorder instead of the worker's ---------------------------------- */

static void
done(struct attempt *a)
{
	(void)a;
	count++;
}

/* As the worker does: work() whenever fd is readable. */
static bool
all_done(void *arg)
{
	struct pollfd p = { sink_nats.fd(), POLLIN, 0 };

	if (poll(&p, 1, 0) == 1)
		sink_nats.work();
	return count >= *(int *)arg;
}

/* The server's number instead of a port. */
static struct attempt
attempt(const char *scheme, const char *host, int server, const char *subject,
    const char *credentials)
{
	static char urls[8][128];
	static int n;
	char *url = urls[n++ % 8];

	snprintf(url, sizeof(urls[0]), "%s://%s:%d/%s", scheme, host,
	    servers[server].port, subject);
	return (struct attempt){
		.message = { .id = url },
		.body = "{\"id\":1}",
		.body_len = 8,
		.url = url,
		.credentials = credentials,
		.timeout_ms = TIMEOUT_MS,
		.done = done,
		.error = ERROR_CLASSES, /* not done */
	};
}

static struct attempt
deliver(const char *scheme, const char *host, int server, const char *subject,
    const char *credentials)
{
	struct attempt a = attempt(scheme, host, server, subject, credentials);
	int n = count + 1;

	sink_nats.start(&a);
	stack_wait(all_done, &n, "the attempt is done");
	return a;
}

static void
assert_error(
    const struct attempt *a, enum error_class error, const char *detail)
{
	if (a->error == ERROR_NONE)
		fail_msg("delivered: %s", a->detail);
	if (a->error != error || strstr(a->detail, detail) == NULL)
		fail_msg("%d: %s", (int)a->error, a->detail);
}

static void
assert_delivered(const struct attempt *a)
{
	if (a->error != ERROR_NONE)
		fail_msg("%d: %s", (int)a->error, a->detail);
	assert_non_null(strstr(a->detail, "stream CITY"));
}

static enum status
open_with(const char *allow, const char *ca, const char *creds, char error[256])
{
	static struct config config;

	snprintf(
	    config.delivery_allow, sizeof(config.delivery_allow), "%s", allow);
	snprintf(config.nats_ca, sizeof(config.nats_ca), "%s", ca);
	snprintf(config.nats_creds, sizeof(config.nats_creds), "%s", creds);
	return sink_nats.open(&config, error);
}

static void
reopen(const char *ca, const char *creds)
{
	char error[256];

	sink_nats.close();
	if (open_with("loopback", ca, creds, error) != STATUS_OK)
		fail_msg("%s", error);
}

static int
setup(void **state)
{
	char error[256];

	(void)state;
	count = 0;
	return open_with("loopback", "", "", error) != STATUS_OK;
}

static int
teardown(void **state)
{
	(void)state;
	sink_nats.close();
	return 0;
}

/* --- user and password, token -------------------------------------------- */

static void
nats_auth__user_and_password__delivered(void **state)
{
	struct attempt a = deliver(
	    "nats", "127.0.0.1", PLAIN, "city.a", "ann:p%40ss:%2Fw%252Ford");

	(void)state;
	assert_delivered(&a);
}

static void
nats_auth__wrong_or_none__said_and_later_ones_arrive(void **state)
{
	static const struct {
		const char *credentials, *detail;
	} rows[] = {
		{ "ann:wrong", "refuses these credentials: Authorization" },
		{ "nobody:wrong", "refuses these credentials" },
		{ "token", "refuses these credentials" },
		{ NULL, "the server wants credentials: Authorization" },
	};
	struct attempt a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		a = deliver(
		    "nats", "127.0.0.1", PLAIN, "city.a", rows[i].credentials);
		assert_error(&a, ERROR_NATS, rows[i].detail);
		assert_null(strstr(a.detail, "wrong"));
	}
	a = deliver(
	    "nats", "127.0.0.1", PLAIN, "city.b", "ann:p%40ss:%2Fw%252Ford");
	assert_delivered(&a);
}

static void
nats_auth__token__delivered_and_a_wrong_one_refused(void **state)
{
	struct attempt a =
	    deliver("nats", "127.0.0.1", TOKEN, "city.a", "t0k%3Aen");

	(void)state;
	assert_delivered(&a);
	a = deliver("nats", "127.0.0.1", TOKEN, "city.a", "other");
	assert_error(&a, ERROR_NATS, "refuses these credentials");
	a = deliver("nats", "127.0.0.1", TOKEN, "city.a", NULL);
	assert_error(&a, ERROR_NATS, "wants credentials");
}

static void
nats_auth__two_users_of_one_server__each_by_its_own_connection(void **state)
{
	struct attempt a[4] = {
		attempt("nats", "127.0.0.1", PLAIN, "city.two",
		    "ann:p%40ss:%2Fw%252Ford"),
		attempt("nats", "127.0.0.1", PLAIN, "city.two", "bob:bob"),
		attempt("nats", "127.0.0.1", PLAIN, "bobs.two", "bob:bob"),
		attempt("nats", "127.0.0.1", PLAIN, "city.two", "ann:wrong"),
	};
	int i, all = 4;

	(void)state;
	for (i = 0; i < 4; i++)
		sink_nats.start(&a[i]);
	stack_wait(all_done, &all, "the attempts are done");
	assert_delivered(&a[0]);
	assert_error(&a[1], ERROR_NATS,
	    "Permissions Violation for Publish to \"city.two\"");
	assert_delivered(&a[2]);
	assert_error(&a[3], ERROR_NATS, "refuses these credentials");
}

static void
nats_auth__user_who_cannot_hear_answers__told_so(void **state)
{
	struct attempt a;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		a = deliver("nats", "127.0.0.1", PLAIN, "city.eve", "eve:eve");
		assert_error(&a, ERROR_NATS,
		    "Permissions Violation for Subscription to \"_INBOX.");
	}
}

/* --- TLS ------------------------------------------------------------------ */

static void
nats_tls__our_ca__delivered_by_name_and_by_address(void **state)
{
	struct attempt a;

	(void)state;
	reopen(path("ca.pem"), "");
	a = deliver("tls", "localhost", TLS, "city.name", "ann:ann");
	assert_delivered(&a);
	assert_string_equal(a.address, "127.0.0.1");
	a = deliver("tls", "127.0.0.2", TLS, "city.address", "ann:ann");
	assert_delivered(&a);
	/* Where it is the server that demands it. */
	a = deliver("nats", "localhost", TLS, "city.plain", "ann:ann");
	assert_delivered(&a);
	a = deliver("tls", "localhost", TLS, "city.wrong", "ann:wrong");
	assert_error(&a, ERROR_NATS, "refuses these credentials");
}

static void
nats_tls__certificate_not_to_be_trusted__never_delivered(void **state)
{
	static const struct {
		const char *ca, *host, *detail;
	} rows[] = {
		{ "ca.pem", "127.0.0.1", "mismatch" },
		{ "ca.pem", "127.0.0.3", "mismatch" },
		{ "other-ca.pem", "localhost", "unable to get local issuer" },
		{ "", "localhost", "unable to get local issuer" },
	};
	struct attempt a;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		reopen(rows[i].ca[0] != '\0' ? path(rows[i].ca) : "", "");
		for (k = 0; k < 2; k++) {
			a = deliver(k ? "tls" : "nats", rows[i].host, TLS,
			    "city.untrusted", "ann:ann");
			assert_error(&a, ERROR_TLS, rows[i].detail);
		}
	}
}

static void
nats_tls__server_without__refused_before_the_password(void **state)
{
	struct attempt a = deliver(
	    "tls", "127.0.0.1", PLAIN, "city.a", "ann:p%40ss:%2Fw%252Ford");

	(void)state;
	assert_error(&a, ERROR_TLS, "the server has no TLS");
}

static void
nats_tls__forbidden_address__never_connected_to(void **state)
{
	struct attempt a;
	char error[256];

	(void)state;
	sink_nats.close();
	assert_int_equal(open_with("", path("ca.pem"), "", error), STATUS_OK);
	a = deliver("tls", "localhost", TLS, "city.a", "ann:ann");
	assert_error(&a, ERROR_FORBIDDEN, "loopback");
	assert_string_equal(a.address, "");
}

/* Says that it wants TLS, and then nothing any more. */
static void *
be_silent(void *arg)
{
	static const char info[] =
	    "INFO {\"server_id\":\"x\",\"version\":\"2.9.0\",\"proto\":1,"
	    "\"headers\":true,\"tls_required\":true,\"max_payload\":1048576}"
	    "\r\n";
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);
	char byte;

	if (write(fd, info, sizeof(info) - 1) == (ssize_t)sizeof(info) - 1)
		while (read(fd, &byte, 1) > 0)
			;
	close(fd);
	return NULL;
}

static void
nats_tls__silent_in_the_handshake__ends_in_time_and_does_not_hang(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), n = 1;
	char url[64];
	struct attempt a;
	pthread_t thread;
	int64_t began;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	pthread_create(&thread, NULL, be_silent, &fd);
	snprintf(
	    url, sizeof(url), "tls://127.0.0.1:%d/city.a", ntohs(at.sin_port));
	a = attempt("tls", "x", TLS, "x", "ann:ann");
	a.url = url;
	a.timeout_ms = SHORT_MS;
	began = clock_steady_ms();
	sink_nats.start(&a);
	stack_wait(all_done, &n, "the attempt is done");
	assert_error(&a, ERROR_TIMEOUT, "");
	/* Waits for its thread, which would hang for ever. */
	sink_nats.close();
	assert_true(clock_steady_ms() - began < TIMEOUT_MS);
	pthread_join(thread, NULL);
	close(fd);
	reopen("", "");
}

/* --- creds files -----------------------------------------------------------
 */

static void
nats_creds__for_this_host__delivered_and_never_shown_to_others(void **state)
{
	char setting[1024];
	struct attempt a;

	(void)state;
	snprintf(setting, sizeof(setting),
	    "other.example=%s, LOCALHOST=%s,[::1]:1=%s,",
	    path("stranger.creds"), path("user.creds"), path("stranger.creds"));
	reopen("", setting);
	a = deliver("nats", "localhost", JWT, "city.a", NULL);
	assert_delivered(&a);
	a = deliver("nats", "127.0.0.1", JWT, "city.a", NULL);
	assert_error(&a, ERROR_NATS, "the server wants credentials");
	/* What the URL says comes first. */
	a = deliver("nats", "localhost", JWT, "city.a", "ann:ann");
	assert_error(&a, ERROR_NATS, "refuses these credentials");
}

static void
nats_creds__for_one_port__not_for_others(void **state)
{
	char setting[1024];
	struct attempt a;

	(void)state;
	snprintf(
	    setting, sizeof(setting), "localhost:1=%s", path("user.creds"));
	reopen("", setting);
	a = deliver("nats", "localhost", JWT, "city.a", NULL);
	assert_error(&a, ERROR_NATS, "the server wants credentials");
	snprintf(setting, sizeof(setting), "localhost:1=%s,localhost:%d=%s",
	    path("stranger.creds"), servers[JWT].port, path("user.creds"));
	reopen("", setting);
	a = deliver("nats", "localhost", JWT, "city.b", NULL);
	assert_delivered(&a);
}

static void
nats_creds__of_a_stranger__refused_by_the_server(void **state)
{
	char setting[1024];
	struct attempt a;

	(void)state;
	snprintf(
	    setting, sizeof(setting), "localhost=%s", path("stranger.creds"));
	reopen("", setting);
	a = deliver("nats", "localhost", JWT, "city.a", NULL);
	assert_error(&a, ERROR_NATS, "refuses these credentials");
}

/* It was there at the start. */
static void
nats_creds__file_gone__said(void **state)
{
	char setting[1024];
	struct attempt a;

	(void)state;
	shell("cp user.creds gone.creds");
	snprintf(setting, sizeof(setting), "localhost=%s", path("gone.creds"));
	reopen("", setting);
	shell("rm gone.creds");
	a = deliver("nats", "localhost", JWT, "city.gone", NULL);
	if (a.error == ERROR_NONE || strstr(a.detail, "gone.creds") == NULL)
		fail_msg("%d: %s", (int)a.error, a.detail);
}

static void
nats_files__wrong_setting__refused_with_the_reason(void **state)
{
	static const struct {
		const char *ca, *creds, *reason;
	} rows[] = {
		{ "/nonexistent", "",
		    "SMARTCITY_NATS_CA: cannot read /nonexistent: No such" },
		{ "/dev/null", "", "holds no \"-----BEGIN CERTIFICATE\"" },
		{ "", "a=/nonexistent",
		    "SMARTCITY_NATS_CREDS: cannot read /nonexistent: No such" },
		{ "", "a=/dev/null", "holds no \"-----BEGIN NATS USER JWT\"" },
		{ "", "/etc/nats.creds", "\"/etc/nats.creds\" is not" },
		{ "", "a=", "\"a=\" is not of the form host=path" },
		{ "", "=b", "\"=b\" is not" },
		{ "", "a:0=b", "\"a:0=b\" is not" },
		{ "", "u:p@a=b", "is not of the form" },
		{ "", "nats://a=b", "is not of the form" },
		{ "", "a b=c", "is not of the form" },
	};
	char error[256];
	size_t i;

	(void)state;
	sink_nats.close();
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    open_with("", rows[i].ca, rows[i].creds, error),
		    STATUS_REJECT);
		if (strstr(error, rows[i].reason) == NULL)
			fail_msg("%s", error);
	}
	reopen("", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(nats_auth__user_and_password__delivered),
	TEST(nats_auth__wrong_or_none__said_and_later_ones_arrive),
	TEST(nats_auth__token__delivered_and_a_wrong_one_refused),
	TEST(nats_auth__two_users_of_one_server__each_by_its_own_connection),
	TEST(nats_auth__user_who_cannot_hear_answers__told_so),
	TEST(nats_tls__our_ca__delivered_by_name_and_by_address),
	TEST(nats_tls__certificate_not_to_be_trusted__never_delivered),
	TEST(nats_tls__server_without__refused_before_the_password),
	TEST(nats_tls__forbidden_address__never_connected_to),
	TEST(nats_tls__silent_in_the_handshake__ends_in_time_and_does_not_hang),
	TEST(nats_creds__for_this_host__delivered_and_never_shown_to_others),
	TEST(nats_creds__for_one_port__not_for_others),
	TEST(nats_creds__of_a_stranger__refused_by_the_server),
	TEST(nats_creds__file_gone__said),
	TEST(nats_files__wrong_setting__refused_with_the_reason),
};

T_MAIN_WITH(tests, group_setup, group_teardown)
