/* smartcity-fcgi: its arguments, and how its parts are put together. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "board.h"
#include "cgi.h"
#include "child.h"
#include "anew.h"
#include "children.h"
#include "config.h"
#include "db.h"
#include "guard.h"
#include "listener.h"
#include "log.h"
#include "query.h"
#include "route.h"
#include "schedule.h"
#include "setting.h"
#include "spelling.h"

#define PROGRAM "smartcity-fcgi"

enum {
	GRACE_MS = 10000,
	PER_CORE = 2,
	STATUS_RESPONDERS = 2,
	ERROR_LEN = 256
};

static int
print_help(void)
{
	printf(
	    "usage: " PROGRAM " [--help | --version | --config | --check |\n"
	    "                       --setting NAME | --libpq]\n"
	    "Serves FastCGI on SMARTCITY_LISTEN, or on the listening\n"
	    "socket it inherits; one request of plain CGI without either.\n"
	    "--config prints the settings in force, --check tests them.\n"
	    "For scripts, with passwords: --setting NAME prints one value,\n"
	    "from the environment, else ./.env, else the default; --libpq\n"
	    "prints DATABASE_URL, where it is set, as shell commands that\n"
	    "export libpq's variables (PGHOST, PGUSER, ...).\n"
	    "\n"
	    "  SIGTERM, SIGINT, SIGQUIT  finish the current requests, stop\n"
	    "  SIGHUP, SIGUSR2           start anew, unless --check fails\n"
	    "  SIGUSR1                   log debug lines; sent again, stop it\n"
	    "\n"
	    "The manual page has exit statuses, files and examples.\n"
	    "\n");
	config_help(stdout, CONFIG_POOL);
	return EX_OK;
}

static int
print_version(void)
{
	printf(PROGRAM " " VERSION ", schema %s\n", query_schema());
	return EX_OK;
}

/* Checks what the table of settings in config.c cannot. */
static enum status
check_texts(const struct config *config, struct guard *guard, char *error)
{
	struct schedule schedule;
	char what[ERROR_LEN];

	if (origin_check_list(config->origins, error) != STATUS_OK)
		return STATUS_REJECT;
	if (schedule_parse(&schedule, config->retry_schedule, what) ==
	    STATUS_OK)
		return guard_init(guard, config->delivery_allow, error);
	snprintf(error, ERROR_LEN, "SMARTCITY_RETRY_SCHEDULE: %.200s", what);
	return STATUS_REJECT;
}

static int
load(struct config *config, struct guard *guard)
{
	char error[ERROR_LEN];

	if (config_load(config, error) != STATUS_OK ||
	    check_texts(config, guard, error) != STATUS_OK) {
		fprintf(stderr, PROGRAM ": %s\n", error);
		return EX_CONFIG;
	}
	log_open(PROGRAM, (enum log_level)config->business.log_level);
	return EX_OK;
}

static int
print_config(void)
{
	struct config config;
	struct guard guard;
	int rc = load(&config, &guard);

	if (rc == EX_OK)
		config_print(&config, CONFIG_POOL, stdout);
	return rc;
}

/* Refuses a server that can lose events, but not one that is away for now. */
static int
probe(const struct config *config)
{
	struct db *db;
	int rc = EX_OK;

	db = db_new(config->database_url, PROGRAM, config->db_timeout_ms);
	if (db == NULL)
		return EX_OSERR;
	if (db_connect(db) == STATUS_FAULT) {
		fprintf(stderr, PROGRAM ": DATABASE_URL: %s\n", db_reason(db));
		rc = EX_CONFIG;
	}
	/* Not kept for fork(): parent and child would share its socket. */
	db_free(db);
	return rc;
}

static int
check(void)
{
	struct config config;
	struct guard guard;
	int rc = load(&config, &guard);

	if (rc != EX_OK)
		return rc;
	spelling_check();
	return probe(&config);
}

static int
serve_cgi(const struct config *config, const struct guard *guard)
{
	struct context context = {
		.routing = &route_routing,
		.config = config,
		.guard = guard,
	};

	context.db =
	    db_new(config->database_url, PROGRAM, config->db_timeout_ms);
	if (context.db == NULL)
		return EX_OSERR;
	cgi_serve(&context);
	db_free(context.db);
	return EX_OK;
}

static int
processes(const struct config *config)
{
	return config->processes > 0 ? config->processes
				     : PER_CORE * board_cores();
}

static void
hand_over(void *arg, bool on)
{
	const struct child *child = arg;

	listener_hand_over(child->listener, LISTENER_POOL, on);
	if (child->status_listener->fd >= 0)
		listener_hand_over(child->status_listener, LISTENER_STATUS, on);
	board_hand_over(on);
}

static void
ended(void *arg, pid_t pid, int wait_status)
{
	(void)arg;
	score_ended(pid, wait_status);
}

static int
serve_pool(const struct config *config, const struct guard *guard,
    struct listener *listener, struct listener *status_listener, char **argv)
{
	struct child child = {
		.config = config,
		.guard = guard,
		.routing = &route_routing,
		.listener = listener,
		.status_listener = status_listener,
		.processes = processes(config),
	};
	struct children children = { .count = child.processes +
		    (status_listener->fd >= 0 ? STATUS_RESPONDERS : 0),
		.run = child_run,
		.arg = &child,
		.ended = ended,
		.argv = argv,
		.hand_over = hand_over,
		.grace_ms = GRACE_MS };
	enum status status;

	if (board_open(child.processes) != STATUS_OK)
		return EX_OSERR;
	db_watch(score_db_error);
	log_info("main: %d processes", children.count);
	status = children_run(&children);
	listener_close(listener);
	listener_close(status_listener);
	return status == STATUS_OK ? EX_OK : EX_OSERR;
}

static enum status
open_missing(struct listener *listener, const char *address)
{
	char error[ERROR_LEN];
	enum status status = STATUS_OK;

	if (listener->fd < 0 && address[0] != '\0')
		status = listener_open(listener, address, error);
	if (status != STATUS_OK)
		fprintf(stderr, PROGRAM ": %s\n", error);
	return status;
}

static int
serve(char **argv)
{
	/* After a reload: --check has probed the server; responders serve. */
	bool anew = anew_has_children();
	struct listener listener, status;
	struct config config;
	struct guard guard;
	int rc = load(&config, &guard);

	if (rc != EX_OK)
		return rc;
	listener_inherit(&status, LISTENER_STATUS);
	if (!listener_inherit(&listener, LISTENER_POOL) &&
	    config.listen[0] == '\0') {
		if (getenv("REQUEST_METHOD") != NULL)
			return serve_cgi(&config, &guard);
		fprintf(stderr,
		    PROGRAM ": SMARTCITY_LISTEN is not set, and "
			    "fd 0 is no listening socket; see "
			    "--help\n");
		return EX_USAGE;
	}
	spelling_check();
	if (!anew && (rc = probe(&config)) != EX_OK)
		return rc;
	if (open_missing(&listener, config.listen) != STATUS_OK)
		return EX_CONFIG;
	if (open_missing(&status, config.status_listen) != STATUS_OK) {
		listener_close(&listener);
		return EX_CONFIG;
	}
	return serve_pool(&config, &guard, &listener, &status, argv);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} options[] = {
		{ "--help", print_help },
		{ "--version", print_version },
		{ "--config", print_config },
		{ "--check", check },
		{ "--libpq", setting_libpq },
	};
	size_t i;

	/* If the reader of the log ends, the pool must not. */
	signal(SIGPIPE, SIG_IGN);
	if (argc <= 1)
		return serve(argv);
	if (argc == 3 && strcmp(argv[1], "--setting") == 0)
		return setting_print(argv[2]);
	for (i = 0; argc == 2 && i < sizeof(options) / sizeof(*options); i++)
		if (strcmp(argv[1], options[i].name) == 0)
			return options[i].run();
	fprintf(stderr,
	    PROGRAM ": not understood: %s\n"
		    "usage: " PROGRAM
		    " [--help | --version | --config | --check |\n"
		    "                       --setting NAME | --libpq]\n",
	    argv[argc - 1]);
	return EX_USAGE;
}
