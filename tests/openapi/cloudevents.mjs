// Sends events that the CloudEvents SDK has made to the stack on 127.0.0.1:PORT, in
// each of its forms, and reads with the SDK what the stack delivers:
//
//	node cloudevents.mjs PORT
//
// Neither the SDK's headers nor its bodies are changed on the way.

import assert from "node:assert/strict";
import http from "node:http";
import { createRequire } from "node:module";

const { CloudEvent, HTTP } = createRequire(
	new URL("../../build/npm/tests/", import.meta.url))("cloudevents");
const origin = `http://127.0.0.1:${process.argv[2]}`;

async function send(path, { headers, body }) {
	const response = await fetch(origin + path, { method: "POST", headers, body });
	const answer = await response.json();

	assert.equal(response.status, 200, JSON.stringify(answer));
	return { ...answer, replayed: response.headers.get("idempotent-replayed") };
}

const stored = async (id) => (await fetch(`${origin}/events/${id}`)).json();
// As a reader of our times compares them.
const ms = (time) => new Date(time).getTime();

const made = (id, more = {}) => new CloudEvent({ id, source: "/stations/7",
	type: "org.example.reading", time: "2024-05-06T07:08:09.123Z",
	subject: "north", unit: "kWh",
	data: { level: 3.25, words: ["São", "<&>", null], deep: { a: [{}] } }, ...more });

// What each event must have become, under the id that the sender was told.
async function check(id, event) {
	const { payload, timestamp, deduplication_key, service } = await stored(id);

	assert.deepEqual(payload, event.data);
	assert.equal(ms(timestamp), ms(event.time));
	assert.equal(deduplication_key, `${event.source} ${event.id}`);
	assert.equal(service, "water");
}

async function one(form, id) {
	const event = made(id), message = form(event);
	const first = await send("/ingest/water", message);
	const again = await send("/ingest/water", message);

	assert.equal(first.replayed, null);
	assert.equal(again.replayed, "true");
	assert.equal(again.stored_event_id, first.stored_event_id);
	await check(first.stored_event_id, event);
	return first.stored_event_id;
}

// The SDK makes no batches: its events are elements of a JSON array.
async function batch(known) {
	const events = [made("1"), made("3", { data: { n: 1 } }), made("4"),
		made("4", { data: { n: 2 } })];
	const message = { body: JSON.stringify(events),
		headers: { "Content-Type": "application/cloudevents-batch+json; charset=utf-8" } };
	const { stored, duplicate, rejected, results } =
		await send("/ingest/water/batch", message);
	const ids = results.map((result) => result.stored_event_id);

	assert.deepEqual([stored, duplicate, rejected], [2, 2, 0]);
	// One that came in another form before, and one that is in the batch twice.
	assert.equal(ids[0], known);
	assert.equal(ids[3], ids[2]);
	for (const [i, event] of events.slice(0, 3).entries())
		await check(ids[i], event);
	const again = await send("/ingest/water/batch", message);
	assert.equal(again.duplicate, 4);
	assert.deepEqual(again.results.map((result) => result.stored_event_id), ids);
}

// The first webhook that a receiver gets, as the SDK sees it.
async function delivered(emergency) {
	const server = http.createServer();
	const late = setTimeout(() => assert.fail("no webhook within 30 s"), 30000);
	const got = new Promise((done, fail) => server.on("request", async (request, answer) => {
		let body = "";

		clearTimeout(late);
		for await (const bytes of request.setEncoding("utf8"))
			body += bytes;
		answer.writeHead(204).end();
		try {
			done(HTTP.toEvent({ headers: request.headers, body }));
		} catch (e) {
			fail(e);
		}
	}));

	await new Promise((go) => server.listen(0, "127.0.0.1", go));
	const response = await fetch(`${origin}/subscriptions`, { method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ topic: "event.transport",
			url: `http://127.0.0.1:${server.address().port}/` }) });
	assert.equal(response.status, 201);
	const receipt = await send("/ingest/health", HTTP.structured(emergency));
	const event = await got;
	server.close();
	server.closeAllConnections();
	return { receipt, event };
}

async function deliveries() {
	const { receipt, event } = await delivered(new CloudEvent({ id: "e",
		source: "/beds/3", type: "org.example.alarm",
		time: "2024-05-06T07:08:09Z",
		data: { patient_id: 4711, alert: "emergency", location: "Rua A" } }));
	const derived = await stored(receipt.derived_events.find((id) => id === event.id));

	assert.ok(event.validate());
	assert.equal(event.type, "event.transport");
	assert.equal(event.source, "/ingest/health");
	assert.equal(event.subject, "health_emergency_4711");
	assert.equal(event.causationid, receipt.stored_event_id);
	// A derived event is as old as the event that it was made from.
	assert.equal(ms(event.time), ms("2024-05-06T07:08:09Z"));
	assert.deepEqual(event.data, derived.payload);
	assert.deepEqual(event.data, { action: "dispatch_nearest_vehicle",
		reason: "health_emergency", location: "Rua A", patient_id: 4711 });
	// What was delivered can be sent on, in each form.
	for (const form of [HTTP.binary, HTTP.structured])
		await send("/ingest/onward", form(event));
	const { body, headers } = HTTP.structured(event);
	assert.equal((await send("/ingest/onward", { body, headers })).replayed, "true");
}

const id = await one(HTTP.binary, "1");
await one(HTTP.structured, "2");
await batch(id);
await deliveries();
