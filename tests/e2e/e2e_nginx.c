/*
 * nginx's configuration: the complete file, the snippet in another nginx,
 * traps.
 */
#include "t.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "shell.h"
#include "stack.h"

static struct stack s;
static char dir[96];

static int
setup(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2", NULL };

	(void)state;
	stack_start(&s, settings);
	snprintf(dir, sizeof(dir), "%s/other", s.dir);
	return mkdir(dir, 0755);
}

static int
teardown(void **state)
{
	(void)state;
	stack_stop(&s);
	return 0;
}

static void
config__as_shipped__accepted_by_nginx(void **state)
{
	(void)state;
	/*
	 * A test does not have the image's directories. There is no -p, so that
	 * modules are looked up from nginx's own prefix.
	 */
	shell_must("d=%s/full; mkdir $d && cp nginx/smartcity*.conf "
		   "nginx/fastcgi_smartcity* $d && "
		   "if test -e /usr/lib/nginx/modules/ngx_nchan_module.so; "
		   "then cp nginx/nchan-smartcity*.conf $d; fi && "
		   "cp nginx/cache-smartcity*.conf $d && "
		   "sed -i \"s|/var/lib/nginx/|$d/|\" "
		   "$d/cache-smartcity-http.conf && "
		   "cp nginx/docs-smartcity.conf nginx/static_smartcity $d && "
		   "sed -i \"s|unix:/run/smartcity/|unix:$d/|\" "
		   "$d/*smartcity-http.conf && "
		   "sed -e \"s|/run/smartcity/nginx.pid|$d/pid|\" "
		   "-e \"s|/var/lib/nginx/|$d/|\" "
		   "-e \"s|listen 8000|listen unix:$d/s|\" "
		   "nginx/nginx.conf >$d/nginx.conf && "
		   "PATH=$PATH:/usr/sbin nginx -t -q -c $d/nginx.conf",
	    dir);
}

/* Each of these directives was seen to lose, double or forge requests. */
static void
config__known_traps__not_in_it(void **state)
{
	(void)state;
	shell_must("grep -q '^fastcgi_keep_conn off;' "
		   "nginx/fastcgi_smartcity_common");
	assert_int_not_equal(
	    shell(
		"sed 's/#.*//' nginx/*.conf nginx/fastcgi_smartcity* | grep -E "
		"'non_idempotent|keep_conn on|^[[:space:]]*keepalive[[:space:]]"
		"|request_buffering off|intercept_errors on'"),
	    0);
}

static int
write_other(int port)
{
	char path[128];
	FILE *f;

	shell_must("cp nginx/smartcity.conf nginx/fastcgi_smartcity* %s && "
		   "sed 's|unix:[^;]*|unix:%s/run/sockets/fcgi.sock|' "
		   "nginx/smartcity-http.conf >%s/smartcity-http.conf",
	    dir, s.dir, dir);
	snprintf(path, sizeof(path), "%s/nginx.conf", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
	    "user www-data; daemon off; pid pid; error_log stderr;\n"
	    "events { }\nhttp {\n access_log off;\n"
	    " client_body_temp_path t1; fastcgi_temp_path t2;\n"
	    " proxy_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n"
	    " include smartcity-http.conf;\n server {\n"
	    "  listen 127.0.0.1:%d;\n  include smartcity.conf;\n"
	    "  location / { return 200 'theirs'; }\n"
	    "  location = /ingest/energy {\n   include fastcgi_smartcity;\n"
	    "   fastcgi_param THRESHOLD_KWH 5;\n"
	    "   fastcgi_param SMARTCITY_QUIET_SECONDS 0;\n  }\n"
	    "  location = /ingest/health {\n   include fastcgi_smartcity;\n"
	    "   fastcgi_param THRESHOLD_KWH much;\n  }\n"
	    "  location = /ingest/unheard-of {\n   include fastcgi_smartcity;\n"
	    "   fastcgi_param SMARTCITY_UNKNOWN_SERVICES reject;\n  }\n"
	    " }\n}\n",
	    port);
	return fclose(f);
}

static void
expect(int port, const char *target, const char *body, int status,
    const char *text)
{
	struct http h = body == NULL ? http_get(port, target)
				     : http_post(port, target, body);

	if (h.status != status || strstr(h.body, text) == NULL)
		fail_msg("%s: wanted %d, got %s", target, status, h.raw);
	http_free(&h);
}

static bool
is_up(void *arg)
{
	struct http h = http_get(*(int *)arg, "/");
	int status = h.status;

	http_free(&h);
	return status == 200;
}

static void
snippet__in_another_nginx__settings_per_location(void **state)
{
	static const char reading[] = "{\"energy\":6,\"neighborhood\":\"n\"}";
	int port = stack_free_port(), status;
	pid_t pid;

	(void)state;
	assert_int_equal(write_other(port), 0);
	if ((pid = fork()) == 0) {
		/* Ends nginx even if a failed test never reaches kill(). */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin", 1);
		execlp("nginx", "nginx", "-p", dir, "-c", "nginx.conf",
		    (char *)NULL);
		_exit(127);
	}
	stack_wait(is_up, &port, "the other nginx answers");
	expect(port, "/other", NULL, 200, "theirs");
	expect(port, "/health", NULL, 200, "ok");
	expect(port, "/ingest/energy", reading, 200, "derived_events\":[\"");
	expect(port, "/ingest/energy", reading, 200, "derived_events\":[\"");
	expect(s.port, "/ingest/energy", reading, 200, "derived_events\":[]");
	expect(port, "/ingest/unheard-of", "{}", 404, "known are");
	expect(s.port, "/ingest/unheard-of", "{}", 200, "stored");
	/*
	 * A bad value in a location is the server's fault; the sender is not
	 * told more.
	 */
	expect(port, "/ingest/health", "{}", 500, "detail");
	expect(port, "/ingest/..%2fhealth", "{}", 404, "detail");
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* nginx must let all of these methods through. */
static void
subscriptions__all_methods__pass_nginx(void **state)
{
	static const char body[] =
	    "{\"topic\":\"event.*\",\"url\":\"https://r.example/\"}";
	struct http h = http_post(s.port, "/subscriptions", body);
	char *location = http_header(&h, "Location"), target[128];

	(void)state;
	assert_int_equal(h.status, 201);
	assert_non_null(location);
	http_free(&h);
	h = http_send(s.port, "PATCH", location,
	    "Content-Type: application/json\r\n", "{\"paused\":true}");
	assert_int_equal(h.status, 200);
	assert_non_null(strstr(h.body, J("'status':'paused'")));
	http_free(&h);
	snprintf(target, sizeof(target), "%s/secret/rotate", location);
	h = http_send(s.port, "POST", target, "", NULL);
	assert_int_equal(h.status, 200);
	http_free(&h);
	h = http_send(s.port, "DELETE", location, "", NULL);
	assert_int_equal(h.status, 204);
	http_free(&h);
	h = http_get(s.port, "/subscriptions");
	assert_int_equal(h.status, 200);
	assert_string_equal(h.body, "[]");
	http_free(&h);
	free(location);
}

/* A page of the pool, or of the cache; the caller frees it. */
static struct http
page(const char *target, const char *headers)
{
	struct http h = http_send(s.port, "GET", target, headers, NULL);

	assert_int_equal(h.status, 200);
	return h;
}

/* Makes the first page another one. */
static void
put_event(void)
{
	http_expect(s.port, "POST", "/ingest/weather",
	    "Content-Type: application/json\r\n", "{}", 200, "stored");
}

/* The second must come within the second after the first. */
static bool
is_kept(const char *target, const char *headers)
{
	struct http first = page(target, headers), second;
	bool is;

	put_event();
	second = page(target, headers);
	is = strcmp(first.body, second.body) == 0;
	http_free(&first);
	http_free(&second);
	return is;
}

static bool
is_first_page_kept(void *arg)
{
	(void)arg;
	return is_kept("/events", "");
}

static bool
is_first_page_new(void *arg)
{
	const char *newest = arg;
	struct http h = page("/events", "");
	bool is = strstr(h.body, newest) != NULL;

	http_free(&h);
	return is;
}

static void
cache__its_files_installed__first_page_for_a_second(void **state)
{
	static const char *const others[][2] = { { "/events?limit=100", "" },
		{ "/events", "Authorization: Basic YTpi\r\n" },
		{ "/events", "Cookie: a=b\r\n" },
		{ "/events", "Origin: http://localhost\r\n" } };
	char *newest, *tag, header[128];
	struct http h;
	size_t i;

	(void)state;
	put_event();
	assert_false(is_kept("/events", ""));
	shell_must("cp nginx/cache-smartcity*.conf %s/nginx/ && sed -i"
		   " 's|/var/lib/nginx/smartcity|temp/cache|'"
		   " %s/nginx/cache-smartcity-http.conf",
	    s.dir, s.dir);
	stack_reload_nginx(&s);
	stack_wait(is_first_page_kept, NULL, "the first page is kept");
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(is_kept(others[i][0], others[i][1]));
	newest = t_sql(s.url, "SELECT id FROM events ORDER BY id DESC LIMIT 1");
	stack_wait(is_first_page_new, newest, "the first page is new");
	free(newest);

	/* nginx answers it from what it keeps. */
	h = page("/events", "");
	tag = http_header(&h, "ETag");
	assert_non_null(tag);
	snprintf(header, sizeof(header), "If-None-Match: %s\r\n", tag);
	http_free(&h);
	free(tag);
	h = http_send(s.port, "GET", "/events", header, NULL);
	assert_int_equal(h.status, 304);
	http_free(&h);
	http_expect(s.port, "HEAD", "/events", "", NULL, 200, "ETag");
	shell_must("rm %s/nginx/cache-smartcity*.conf", s.dir);
	stack_reload_nginx(&s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(config__as_shipped__accepted_by_nginx),
	cmocka_unit_test(config__known_traps__not_in_it),
	cmocka_unit_test(snippet__in_another_nginx__settings_per_location),
	cmocka_unit_test(subscriptions__all_methods__pass_nginx),
	cmocka_unit_test(cache__its_files_installed__first_page_for_a_second),
};

T_MAIN_WITH(tests, setup, teardown)
