// Opens pages of this site, of a listed site and of others in Chromium, against the
// stack on 127.0.0.1:PORT, whose data are in DIRECTORY and whose
// SMARTCITY_ORIGINS has http://dash.example:DASH:
//
//	node origins.mjs PORT DASH DIRECTORY CHROMIUM
//
// Pages of other sites must not be able to change anything, by any route in
// /openapi.json and any way of sending, nor open the stream. Pages of this site and
// of the listed one can do both.

import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";

const { chromium } = createRequire(
	new URL("../../build/npm/tests/", import.meta.url))("playwright-core");
const [port, dash, directory, executablePath] = process.argv.slice(2);
const direct = `http://127.0.0.1:${port}`;
const NOBODY = "00000000-0000-0000-0000-000000000000";

// --- requests ----------------------------------------------------------------

const emergency = { patient_id: 1, alert: "emergency", location: "here" };
// Bodies of the routes that need one.
const bodies = { ingest: emergency,
	subscriptions: { topic: "event.*", url: `${direct}/nowhere`, paused: true } };

const { paths } = await (await fetch(`${direct}/openapi.json`)).json();
const changing = Object.entries(paths)
	// The paths of single services are examples of /ingest/{service}.
	.filter(([path]) => !/^\/ingest\/\w/.test(path))
	.flatMap(([path, item]) => Object.keys(item)
		.filter((key) => /^(post|put|patch|delete)$/.test(key))
		.map((key) => ({ method: key.toUpperCase(),
			path: path.replace(/\{\w+\}/g, "{}") })))
	.map(({ method, path }) => ({ method, path,
		body: path.endsWith("/batch") ? [bodies.ingest] :
			path.startsWith("/ingest/") ? bodies.ingest :
			path === "/subscriptions" ? bodies.subscriptions :
			method === "PATCH" ? { description: "mine" } : undefined }));
assert.ok(changing.length > 7);

const at = (path, id) => path.replace("{}",
	path.startsWith("/ingest") ? "health" : id);

async function api(method, path, body) {
	const response = await fetch(direct + path, { method,
		body: body && JSON.stringify(body),
		headers: body && { "Content-Type": "application/json" } });
	const text = await response.text();

	assert.ok(response.status < 300, `${method} ${path}: ${text}`);
	return text === "" ? null : JSON.parse(text);
}

// All that a request could have changed.
const state = () => Promise.all(["/events", "/rejected", "/subscriptions",
	"/outbox"].map((path) => api("GET", path)));

// --- pages -------------------------------------------------------------------

// Serves an empty page under any path.
async function servePages(at) {
	const server = http.createServer((_, response) => response
		.setHeader("Content-Type", "text/html").end("<!doctype html>"));

	await new Promise((done) => server.listen(at, "127.0.0.1", done));
	return server;
}

// nginx's answers since the last call, from its access log, because a page of
// another site cannot see them.
let read = 0;
async function answered(what) {
	for (const end = Date.now() + 20000; Date.now() < end;
		await new Promise((go) => setTimeout(go, 20))) {
		const text = fs.readFileSync(`${directory}/log/access.log`, "utf8");
		const lines = text.slice(read).split("\n").slice(0, -1)
			.map((line) => JSON.parse(line));

		if (lines.length === 0)
			continue;
		read = text.lastIndexOf("\n") + 1;
		return lines.map(({ method, path, status }) =>
			`${method} ${path} ${status}`);
	}
	assert.fail(`nothing came of ${what}`);
}

async function open(browser, url) {
	const page = await browser.newPage();

	await page.goto(url);
	return page;
}

// Opens the stream in a page in each way, and returns the first event that each
// received, or "refused" or "nothing".
const watch = (page, url, service) => page.evaluate(async ([url, service]) => {
	const ws = `${url.replace("http", "ws")}/events/stream`;
	const got = (source) => new Promise((done) => {
		source.onmessage = ({ data }) => done(
			JSON.parse(data).events[0].payload.mark);
		source.onerror = () => done("refused");
		setTimeout(() => done("nothing"), 20000);
	});
	const source = new EventSource(`${url}/events/stream?service=${service}`);
	const plain = new WebSocket(`${ws}?service=${service}`);
	const one = new WebSocket(`${ws}?service=${service}`, ["json"]);
	const two = new WebSocket(`${ws}?service=${service}`, ["v2.json", "json"]);
	const all = Promise.all([source, plain, one, two].map(got));
	const opened = Promise.all([source, plain, one, two].map((each) =>
		new Promise((done) => {
			each.addEventListener("open", done);
			each.addEventListener("error", done);
		})));

	await opened;
	window.opened = true;
	const told = { events: await all, protocols: [one.protocol, two.protocol] };
	[source, plain, one, two].forEach((each) => each.close());
	return told;
}, [url, service]);

// --- pages of other sites ----------------------------------------------------

// Each way in which a page can send without a preflight request.
const WAYS = {
	fetch: ([method, url, body]) => { fetch(url, { method, mode: "no-cors",
		body: body && new Blob([body]) }).catch(() => {}); },
	text: ([method, url, body]) => { fetch(url, { method, mode: "no-cors",
		body: body ?? "", headers: { "Content-Type": "text/plain" } })
		.catch(() => {}); },
	beacon: ([, url, body]) => navigator.sendBeacon(url, body && new Blob([body])),
	form: ([, url, body]) => {
		const form = document.createElement("form"), frame =
			document.createElement("iframe"), field =
			document.createElement("input");

		document.body.replaceChildren();
		Object.assign(frame, { name: "answer" });
		Object.assign(form, { action: url, method: "post",
			enctype: "text/plain", target: "answer" });
		Object.assign(field, { name: (body ?? "{}").slice(0, -1) + ',"x":"',
			value: '"}' });
		form.append(field);
		document.body.append(frame, form);
		form.submit();
	},
	// The origin of such a page is null.
	sandbox: ([method, url, body]) => {
		const frame = document.createElement("iframe");

		frame.sandbox = "allow-scripts";
		frame.srcdoc = `<script>fetch(${JSON.stringify(url)}, { mode: "no-cors",
			method: "${method}", body: ${body ?
			`new Blob([${JSON.stringify(body)}])` : "undefined"} })</script>`;
		document.body.append(frame);
	},
};

async function refusedByWay(browser, from, to, id, name) {
	const page = await open(browser, from);

	for (const { method, path, body } of changing) {
		if (method !== "POST")
			continue; // needs a preflight: see refusedAsked
		const target = at(path, id);
		const what = `${name} from ${from}: POST ${to}${target}`;

		await page.evaluate(WAYS[name], [method, to + target,
			body && JSON.stringify(body)]);
		assert.deepEqual(await answered(what), [`POST ${target} 403`], what);
	}
	await page.close();
}

// Asks with a header or a method for which a browser sends a preflight request.
async function refusedAsked(browser, from, to, id) {
	const page = await open(browser, from);

	for (const { method, path, body } of changing) {
		const told = await page.evaluate(([method, url, body]) => fetch(url, {
			method, body, headers: { "Content-Type": "application/json" } })
			.then((r) => r.status, (e) => e.name),
		[method, to + at(path, id), body && JSON.stringify(body)]);
		assert.equal(told, "TypeError", `${method} ${path} from ${from}`);
	}
	assert.equal(await page.evaluate((url) => fetch(url)
		.then((r) => r.text(), (e) => e.name), `${to}/events`), "TypeError");
	await page.close();
}

async function refusedStream(browser, from, to) {
	const page = await open(browser, from);

	assert.deepEqual(await watch(page, to, "weather"), { protocols: ["", ""],
		events: ["refused", "refused", "refused", "refused"] },
	`the stream of ${to} from ${from}`);
	await page.close();
}

// --- pages that are allowed --------------------------------------------------

async function works(browser, from, to) {
	const page = await open(browser, from);
	const mark = `${from} ${to}`;
	const send = (method, path, body) => page.evaluate(
		async ([method, url, body]) => {
			const r = await fetch(url, { method, body, headers: body && {
				"Content-Type": "application/json" } });

			return { status: r.status, id: r.headers.get("X-Request-Id"),
				body: r.status === 204 ? null : await r.json() };
		}, [method, to + path, body && JSON.stringify(body)]);

	const { body: { id } } = await send("POST", "/subscriptions",
		bodies.subscriptions);
	for (const { method, path, body } of changing) {
		if (method === "DELETE")
			continue; // comes last, below
		const answer = await send(method, at(path, path.startsWith("/outbox") ?
			NOBODY : id), body);
		const what = `${method} ${path} from ${from}`;

		assert.match(answer.id, /^[0-9a-f]{32}$/, what);
		assert.ok(answer.status < 300 || (answer.status === 404 &&
			path.startsWith("/outbox")), `${what}: ${JSON.stringify(answer)}`);
	}
	assert.equal((await send("DELETE", `/subscriptions/${id}`)).status, 204);
	assert.equal((await send("GET", "/events?limit=1")).status, 200);

	const told = watch(page, to, "noise");
	await page.waitForFunction(() => window.opened);
	assert.equal((await send("POST", "/ingest/noise", { mark })).status, 200);
	assert.deepEqual(await told, { events: [mark, mark, mark, mark],
		protocols: ["json", "v2.json"] }, `the stream of ${to} from ${from}`);
	await page.close();
}

// -----------------------------------------------------------------------------

const others = await servePages(0), listed = await servePages(Number(dash));
const other = others.address().port;
const named = `http://city.localhost:${port}`;
// Chromium's sandbox does not work as root.
const browser = await chromium.launch({ executablePath, timeout: 60000,
	args: ["--host-resolver-rules=MAP *.example 127.0.0.1",
		...(process.getuid() === 0 ? ["--no-sandbox"] : [])] });
try {
	const { id } = await api("POST", "/subscriptions", bodies.subscriptions);
	await api("POST", "/ingest/health", emergency);
	const before = await state();

	// Pages of another name, of another site, and of the same site on another port.
	for (const [from, to] of [[`http://evil.example:${other}`, named],
		[`http://localhost:${other}`, direct],
		[`http://127.0.0.1:${other}`, direct]]) {
		await answered("all before");
		for (const name of Object.keys(WAYS))
			await refusedByWay(browser, from, to, id, name);
		await refusedAsked(browser, from, to, id);
		await refusedStream(browser, from, to);
	}
	assert.deepEqual(await state(), before);

	for (const to of [named, direct, `http://localhost:${port}`]) {
		await works(browser, `${to}/openapi.json`, to);
		await works(browser, `http://dash.example:${dash}/`, to);
	}
} finally {
	await browser.close();
	others.close();
	listed.close();
}
