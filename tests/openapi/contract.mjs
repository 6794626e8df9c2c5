// Compares the stack on 127.0.0.1:PORT, whose data are in DIRECTORY, with the
// API's description, and this description with the fixtures and its own examples:
//
//	node contract.mjs PORT DIRECTORY DATABASE_URL
//
// Every request goes through nginx, pool and PostgreSQL. The program fails for
// anything that is not documented, and for a documented status that no request got.

import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import { byId, call, check, checkResponse, doc, fails, fill, follow, operations,
	port } from "./document.mjs";
import { gates, withoutDatabase } from "./faults.mjs";
import { batches, cloudEvents } from "./senders.mjs";

const read = (path) =>
	fs.readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const list = (path) => fs.readdirSync(new URL(`../../${path}`, import.meta.url));

// --- requests ----------------------------------------------------------------

const NOBODY = "00000000-0000-0000-0000-000000000000";
const NEVER = "2001-01-01T00:00:00Z";

async function waitFor(what, holds) {
	const end = Date.now() + 30000;

	while (!await holds()) {
		assert.ok(Date.now() < end, `not within 30 s: ${what}`);
		await new Promise((go) => setTimeout(go, 20));
	}
}

async function ingest() {
	const emergency = { patient_id: 1, alert: "emergency", location: "a" };
	const keyed = { path: { service: "weather" }, body: { wind_kmh: 130 } };
	const to = { path: { service: "weather" } };

	await call("ingestHealth", 200, { body: emergency,
		headers: { "Idempotency-Key": "one", traceparent:
			"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" } });
	await call("ingest", 200, { ...keyed, query: { dedupe_key: "k" } });
	const { headers } = await call("ingest", 200,
		{ ...keyed, query: { dedupe_key: "k" } });
	assert.equal(headers.get("idempotent-replayed"), "true");

	for (const id of operations.map((o) => o.operationId)) {
		if (!id.startsWith("ingest"))
			continue;
		await call(id, 400, { ...to, body: {}, query: { dedupe_key: "a" },
			headers: { "Idempotency-Key": "b" } });
		await call(id, 413, { ...to, raw: `{"a":"${"a".repeat(1 << 20)}"}` });
		await call(id, 415, { ...to, raw: "{}",
			headers: { "Content-Type": "text/plain" } });
		await call(id, 415, { ...to, raw: "{}",
			headers: { "Content-Encoding": "br" } });
		await call(id, 400, { ...to, raw: "{}",
			headers: { "Content-Encoding": "gzip" } });
		await call(id, 422, { ...to, raw: "{" });
		await call(id, 422, { ...to, raw: "" });
		await call(id, 422, { ...to, raw: "[1]" });
		await call(id, 422, { ...to, body: {}, query: { dedupe_key: "k".repeat(256) } });
	}
	await call("ingest", 422, { path: { service: "Weather" }, body: {} });
	await call("ingestHealth", 422, { body: { patient_id: "abc", alert: 1 } });
	await call("ingestHealth", 422, { body: {},
		headers: { "Idempotency-Key": "one" } });
}

async function lists() {
	const page = { limit: 1 };

	for (const id of ["listEvents", "listRejected", "listSubscriptions",
		"listMessages"]) {
		const first = await call(id, 200, { query: page });
		const link = first.headers.get("link");

		assert.ok(link, `${id}: no Link at a full page`);
		const cursor = new URL(link.slice(1, link.indexOf(">")), "http://x")
			.searchParams.get("cursor");
		const next = await call(id, 200, { query: { ...page, cursor } });
		assert.notDeepEqual(next.body, first.body);
		await call(id, 400, { query: { limit: 101 } });
		await call(id, 422, { query: { limit: "x", cursor: "y" } });
	}
	await call("listEvents", 200, { query: { offset: 1, service: "health",
		since: NEVER, until: "2100-01-01T00:00:00Z", from: NEVER,
		to: "2100-01-01T00:00:00Z", derived: "false" } });
	await call("listEvents", 200, { query: { source_event_id: NOBODY,
		deduplication_key: "k" } });
	await call("listRejected", 200, { query: { service: "health", offset: 1 } });
	await call("listSubscriptions", 200, { query: { offset: 1 } });
	for (const status of ["unclaimed", "sent"])
		await call("listMessages", 200, { query: { status, since: NEVER,
			until: NEVER, topic: "event.x", subscription: NOBODY } });
	await call("listMessages", 422, { query: { stauts: "sent" } });
	let { headers } = await call("listEvents", 200,
		{ query: { after: "0", limit: 2 } });
	const after = /after=([^>]+)>/.exec(headers.get("link"))[1];
	await call("listEvents", 200, { query: { after, service: "health" } });
	await call("listEvents", 422, { query: { after, derived: "true" } });
	await call("listEvents", 409, { query: {
		after: `9000000000000000000.${NOBODY}` } });
}

async function single() {
	const { body: [event] } = await call("listEvents", 200,
		{ query: { derived: "false", service: "health" } });
	const { body: [rejected] } = await call("listRejected", 200);

	const { headers } = await call("getEvent", 200, { path: event });
	await call("getEvent", 304, { path: event,
		headers: { "If-None-Match": headers.get("etag") } });
	await call("listEvents", 304, { headers: { "If-None-Match": "*" } });
	await call("getRejected", 200, { path: rejected });
	const { body } = await call("traceEvent", 200, { path: event });
	assert.equal(body.derived.length, 2);
	const { body: [message] } = await call("listMessages", 200);
	await call("getMessage", 200, { path: message });
	for (const id of ["getEvent", "traceEvent", "getRejected", "getMessage",
		"getSubscription", "retryMessage", "testSubscription",
		"deleteSubscription"]) {
		await call(id, 404, { path: { id: NOBODY } });
		await call(id, 422, { path: { id: "x" } });
	}
}

// A receiver that refuses, and the states of its deliveries.
async function deliveries() {
	const to = { topic: "event.*", url: `http://127.0.0.1:${port}/nowhere` };
	const { body: sub, headers } = await call("createSubscription", 201,
		{ body: to });
	assert.equal(headers.get("location"), `/subscriptions/${sub.id}`);
	await call("createSubscription", 201, { body: { ...to, paused: true } });

	await call("getSubscription", 200, { path: sub });
	await call("updateSubscription", 200, { path: sub,
		body: { retry_schedule: [0, 3600], description: "refuses",
			headers: { "X-Api-Key": "key" } } });
	await call("rotateSecret", 200, { path: sub });
	await call("rotateSecret", 200, { path: sub, body: { grace_seconds: 60 } });
	await call("ingestEnergy", 200, { body: { energy: 501 } });
	const { body: { id } } = await call("testSubscription", 202, { path: sub });
	await waitFor("the delivery is retrying", async () => (await call(
		"getMessage", 200, { path: { id } })).body.status === "retrying");
	await call("listMessages", 200, { query: { status: "retrying",
		subscription: sub.id } });
	await call("retryMessage", 202, { path: { id } });
	await call("retryMessage", 409, { path: { id },
		query: { status: "delivered", subscription: sub.id } });
	await call("retryMessage", 400, { path: { id }, search: "%" });
	await call("replayMessages", 200, { query: { status: "expired",
		dry_run: "true", limit: 10000, topic: "event.energy" } });
	await call("replayMessages", 200);
	await call("replayMessages", 400, { query: { limit: 10001 } });
	await call("replayMessages", 422, { body: {} });
	await call("retryMessage", 422, { path: { id }, body: {} });
	return sub;
}

async function subscriptions(sub) {
	const bodies = { createSubscription: [{}, {}],
		updateSubscription: [{ path: sub }, { paused: 1.5 }],
		rotateSecret: [{ path: sub }, { grace_seconds: -1 }] };

	for (const [id, [to, bad]] of Object.entries(bodies)) {
		await call(id, 413, { ...to, raw: `{"a":"${"a".repeat(1 << 20)}"}` });
		await call(id, 415, { ...to, raw: "{}",
			headers: { "Content-Type": "text/plain" } });
		await call(id, 415, { ...to, raw: "{}",
			headers: { "Content-Encoding": "br" } });
		await call(id, 400, { ...to, raw: "{}",
			headers: { "Content-Encoding": "gzip" } });
		await call(id, 422, { ...to, body: bad });
		await call(id, 422, { ...to, raw: "{" });
		if (id !== "rotateSecret")
			await call(id, 422, { ...to, body: { headers: { Host: "a" } } });
		if (id !== "createSubscription") {
			await call(id, 404, { path: { id: NOBODY }, body: {} });
			await call(id, 422, { path: { id: "x" }, body: {} });
		}
	}
	await call("deleteSubscription", 204, { path: sub });
}

// --- the live stream ---------------------------------------------------------

async function stream() {
	const gone = new AbortController();
	const response = await fetch(`http://127.0.0.1:${port}/events/stream`,
		{ headers: { Accept: "text/event-stream" }, signal: gone.signal });
	const { contentSchema } = doc.paths["/events/stream"].get.responses[200]
		.content["text/event-stream"].schema;
	let text = "";

	assert.equal(response.status, 200);
	for await (const bytes of response.body) {
		text += Buffer.from(bytes).toString();
		if (text.startsWith(": hi") && !text.includes("data: ") &&
			text.length < 10)
			await call("ingest", 200, { path: { service: "weather" }, body: {} });
		const data = /^data: (.*)\n/m.exec(text);
		if (data) {
			check(contentSchema, JSON.parse(data[1]), "the stream's message");
			break;
		}
	}
	gone.abort();
	byId.streamEvents.seen.add("200");
	assert.equal(await upgrade(), 101);
	byId.streamEvents.seen.add("101");
	await call("streamEvents", 422, { query: { service: "X" },
		headers: { Accept: "text/event-stream" } });
	await call("streamEvents", 400, { headers: { Accept: "text/event-stream",
		"Last-Event-ID": "x" } });
	await call("streamEvents", 406);
	await call("streamEvents", 200, { headers: { Accept: "text/html" } });
}

const upgrade = () => new Promise((done, fail) => {
	const request = http.get({ port, host: "127.0.0.1", path: "/events/stream",
		headers: { Connection: "Upgrade", Upgrade: "websocket",
			"Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" } });

	request.on("upgrade", (response, socket) => {
		socket.destroy();
		done(response.statusCode);
	});
	request.on("response", (response) => done(response.statusCode));
	request.on("error", fail);
});

// --- the description against itself ------------------------------------------

const values = (holder) => [
	...(holder.example === undefined ? [] : [holder.example]),
	...Object.values(holder.examples ?? {}).map((e) => e.value)];

// A valid request of the operation.
const usual = (op, id = NOBODY) => ({ path: { service: "weather", id },
	body: op.requestBody && values(Object.values(op.requestBody.content)[0])[0] });

async function examples() {
	const { body: sub } = await call("createSubscription", 201,
		{ body: { topic: "event.x", url: "http://127.0.0.1:9/" } });

	for (const op of operations)
		for (const [type, media] of Object.entries(op.requestBody?.content ?? {}))
			for (const value of values(media)) {
				check(media.schema, value, `${op.operationId}: ${type}`);
				await call(op.operationId, Number(Object.keys(op.responses)[0]),
					{ ...usual(op, sub.id), body: undefined,
						headers: { "Content-Type": type },
						raw: typeof value === "string" ? value : JSON.stringify(value) });
			}
	const responses = [doc["x-any-other-method"], ...Object.values(doc.components.responses),
		...operations.flatMap((op) => Object.values(op.responses))];
	for (const { content = {} } of responses)
		for (const media of Object.values(content))
			for (const value of values(media))
				check(media.schema, value, "an example");
	for (const holder of [...Object.values(doc.components.parameters),
		...Object.values(doc.components.headers)])
		for (const value of values(holder))
			check(holder.schema, value, "an example");
}

function fixtures() {
	for (const service of list("tests/fixtures"))
		for (const file of list(`tests/fixtures/${service}`)) {
			const { schema } = byId[`ingest${service[0].toUpperCase()}${service.slice(1)}`]
				.requestBody.content["application/json"];
			const { body } = JSON.parse(
				read(`tests/fixtures/${service}/${file}`));

			assert.equal(fails(schema, body), file.startsWith("reject-"), file);
		}
}

// Operations that change something, and the stream, refuse pages of other sites.
async function pages() {
	const described = operations.filter((op) =>
		follow(op.responses[403]) === doc.components.responses.ForeignPage);

	assert.deepEqual(described.map((op) => op.operationId), operations.filter(
		(op) => op.method !== "get" || op.operationId === "streamEvents")
		.map((op) => op.operationId));
	for (const op of described)
		await call(op.operationId, 403, { ...usual(op), headers: {
			Origin: "https://elsewhere.example",
			...(op.method === "get" && { Accept: "text/event-stream" }) } });
}

// Methods that are not described for a path.
async function methods() {
	for (const [path, item] of Object.entries(doc.paths)) {
		const at = `http://127.0.0.1:${port}` +
			fill(path, { service: "weather", id: NOBODY });
		const known = operations.filter((op) => op.path === path)
			.map((op) => op.method.toUpperCase());
		const allowed = [...new Set([...known, "OPTIONS",
			...(known.includes("GET") ? ["HEAD"] : [])])].sort();
		const put = await fetch(at, { method: "PUT" });

		assert.equal(put.status, 405, path);
		await checkResponse(doc["x-any-other-method"], put, path);
		if (path === "/events/stream") // nchan answers
			continue;
		const options = await fetch(at, { method: "OPTIONS" });
		assert.equal(options.status, 204, path);
		for (const { headers } of [put, options])
			assert.deepEqual(
				headers.get("allow").split(", ").sort(), allowed, path);
		if (item.get) {
			const head = await fetch(at, { method: "HEAD" });
			assert.equal(head.status, (await fetch(at)).status, path);
			assert.equal(await head.text(), "", path);
		}
	}
}

// --- faults ------------------------------------------------------------------

async function faults() {
	const asked = { ingest: ["unknown", 404], sendBatch: ["unknown", 404],
		streamEvents: ["plain", 501],
		status: ["forbidden", 403], metrics: ["forbidden", 403] };
	const always = ["streamEvents", "health", "status", "metrics"];
	const all = { misconfigured: 500, crowded: 429, closed: 503, gone: 502,
		silent: 504 };

	await gates(async (ports) => {
		for (const [id, [gate, status]] of Object.entries(asked))
			await call(id, status, usual(byId[id]), ports[gate]);
		for (const [gate, status] of Object.entries(all))
			await Promise.all(operations.map((op) =>
				call(op.operationId, status, usual(op), ports[gate])));
	});
	await withoutDatabase(async () => {
		for (const op of operations)
			if (!always.includes(op.operationId))
				await call(op.operationId, 503, usual(op));
		for (const id of always.slice(1))
			await call(id, 200);
	});
	await waitFor("it is ready again", async () =>
		(await fetch(`http://127.0.0.1:${port}/ready`)).status === 200);
}

function coverage() {
	const missed = operations.flatMap((op) => Object.keys(op.responses)
		.filter((status) => !op.seen.has(status))
		.map((status) => `${op.operationId} ${status}`));

	assert.deepEqual(missed, [], "documented, but no request got it");
}

// -----------------------------------------------------------------------------

fixtures();
await call("health", 200);
await call("ready", 200);
for (const search of ["", "json", "full", "json&full", "json=&full="])
	await call("status", 200, { search });
await call("metrics", 200);
await ingest();
await cloudEvents();
await batches();
const sub = await deliveries();
await lists();
await single();
await subscriptions(sub);
await examples();
await methods();
await stream();
await pages();
await faults();
coverage();
