#include "nats_servers.h"

#include <fcntl.h>
#include <ftw.h>
#include <nats/nats.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "nkeys.h"
#include "shell.h"
#include "sink.h"
#include "stack.h"

struct servers servers[SERVERS];
static char dir[256];
static int auth_done; /* number of finished attempts */
static struct nkey master, account, system_account, user, stranger;

const char *
auth_path(const char *name)
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
	FILE *f = fopen(auth_path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

void shell_must(const char *fmt, ...) T_PRINTF(1, 2);

/* ca.pem; server.pem, signed by it; other-ca.pem, which signed nothing. */
static void
make_certificates(void)
{
#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
	shell_must("openssl req -x509 " NEW_KEY
		   "-subj /CN=ours -days 2 -keyout ca.key -out ca.pem");
	shell_must(
	    "openssl req -x509 " NEW_KEY
	    "-subj /CN=other -days 2 -keyout other.key -out other-ca.pem");
	shell_must("openssl req " NEW_KEY
		   "-subj /CN=server -keyout server.key -out server.csr");
	shell_must("echo subjectAltName=DNS:localhost,IP:127.0.0.2 >san && "
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

/*
 * Puts an operator's settings into out; writes user.creds, and stranger.creds,
 * which no account has signed.
 */
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
	int fd = open(auth_path("log"), O_CREAT | O_WRONLY | O_APPEND, 0644);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* ends with the test */
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
		    o, auth_path("user.creds"), NULL);
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

int
auth_open(void **state)
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
	shell_begin("cd '%s' || exit; exec >>log.openssl 2>&1", dir);
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

int
auth_close(void **state)
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

static void
done(struct attempt *a)
{
	(void)a;
	auth_done++;
}

bool
auth_all_done(void *arg)
{
	struct pollfd p = { sink_nats.fd(), POLLIN, 0 };

	if (poll(&p, 1, 0) == 1)
		sink_nats.work();
	return auth_done >= *(int *)arg;
}

struct attempt
auth_attempt(const char *scheme, const char *host, int server,
    const char *subject, const char *credentials)
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

struct attempt
auth_deliver(const char *scheme, const char *host, int server,
    const char *subject, const char *credentials)
{
	struct attempt a =
	    auth_attempt(scheme, host, server, subject, credentials);
	int n = auth_done + 1;

	sink_nats.start(&a);
	stack_wait(auth_all_done, &n, "the attempt is done");
	return a;
}

void
auth_assert_error(
    const struct attempt *a, enum error_class error, const char *detail)
{
	if (a->error == ERROR_NONE)
		fail_msg("delivered: %s", a->detail);
	if (a->error != error || strstr(a->detail, detail) == NULL)
		fail_msg("error %d, not %d: %s", (int)a->error, (int)error,
		    a->detail);
}

void
auth_assert_delivered(const struct attempt *a)
{
	if (a->error != ERROR_NONE)
		fail_msg("error %d: %s", (int)a->error, a->detail);
	assert_non_null(strstr(a->detail, "stream CITY"));
}

static struct net net;

enum status
auth_open_with(
    const char *allow, const char *ca, const char *creds, char error[256])
{
	static struct config config;

	snprintf(
	    config.delivery_allow, sizeof(config.delivery_allow), "%s", allow);
	snprintf(config.nats_ca, sizeof(config.nats_ca), "%s", ca);
	snprintf(config.nats_creds, sizeof(config.nats_creds), "%s", creds);
	net_close(&net);
	if (net_open(&net, &config, error) != STATUS_OK)
		return STATUS_REJECT;
	return sink_nats.open(&config, &net, error);
}

void
auth_reopen(const char *ca, const char *creds)
{
	char error[256];

	sink_nats.close();
	if (auth_open_with("loopback", ca, creds, error) != STATUS_OK)
		fail_msg("%s", error);
}

int
auth_setup(void **state)
{
	char error[256];

	(void)state;
	auth_done = 0;
	return auth_open_with("loopback", "", "", error) != STATUS_OK;
}

int
auth_teardown(void **state)
{
	(void)state;
	sink_nats.close();
	return 0;
}
