// CloudEvents and batches, as the API's description has them.

import assert from "node:assert/strict";
import { call } from "./document.mjs";

const LONG_AGO = "2001-01-01T00:00:00Z";
const FAR_AHEAD = "2999-01-01T00:00:00Z";

export async function cloudEvents() {
	const event = { specversion: "1.0", id: "1", source: "/meters", type: "t",
		time: LONG_AGO, subject: "north", data: { energy: 900 } };
	const headers = { "Content-Type": "application/cloudevents+json" };
	const attributes = { "ce-specversion": "1.0", "ce-id": "1",
		"ce-source": "/meters", "ce-type": "t", "ce-time": LONG_AGO };

	for (const id of ["ingest", "ingestEnergy"]) {
		const to = { path: { service: "energy" } };
		const { body } = await call(id, 200,
			{ ...to, headers, raw: JSON.stringify(event) });
		const again = await call(id, 200,
			{ ...to, headers: attributes, body: event.data });

		assert.deepEqual(again.body, body);
		assert.equal(again.headers.get("idempotent-replayed"), "true");
		const stored = await call("getEvent", 200, { path: { id: body.stored_event_id } });
		assert.equal(Date.parse(stored.body.timestamp), Date.parse(LONG_AGO));
		await call(id, 422, { ...to, headers, raw: "{}" });
		await call(id, 422, { ...to, headers: { "ce-id": "1" }, body: {} });
		await call(id, 200, { ...to, body: {}, query: { timestamp: LONG_AGO } });
		await call(id, 422, { ...to, body: {},
			query: { timestamp: FAR_AHEAD } });
	}
}

export async function batches() {
	const to = { path: { service: "energy" } }, id = "sendBatch";
	const lines = { "Content-Type": "application/x-ndjson" };
	const body = [{ energy: 900, neighborhood: "b" }, { energy: 1 }];
	const bad = JSON.stringify([...body, { energy: [] }, 7]);
	const given = { ...to, headers: { "Idempotency-Key": "b" } };

	const first = await call(id, 200, { ...given, body, query: { timestamp: LONG_AGO } });
	const again = await call(id, 200, { ...given, body });
	assert.deepEqual(again.body.results, first.body.results);
	assert.equal(again.body.duplicate, 2);
	const other = await call(id, 200, { ...given, body: [{ energy: 3 }] });
	assert.equal(other.body.results[0].status, 422);
	const large = `{"a":"${"a".repeat(1 << 20)}"}`;
	const mixed = await call(id, 200, { ...to, headers: { ...lines,
		Prefer: "return=minimal" }, raw: `{}\n{\n{}\n${large}\n` });
	assert.deepEqual(mixed.body.results.map((r) => [r.index, r.status]),
		[[1, 422], [3, 413]]);
	assert.equal(mixed.headers.get("preference-applied"), "return=minimal");
	await call(id, 200, { ...to, body, query: { atomic: "true", dedupe_key: "c" } });
	const none = await call(id, 422, { ...to, raw: bad, query: { atomic: "true" } });
	assert.deepEqual(none.body.results.map((r) => r.status), [424, 424, 422, 422]);
	await call(id, 422, { ...to, body, query: { atomic: "yes" } });
	await call(id, 422, { ...to, body, query: { dedupe_key: "k".repeat(251) } });
	await call(id, 422, { ...to, raw: "[{},{}" });
	await call(id, 422, { ...to, raw: "" });
	await call(id, 400, { ...given, body, query: { dedupe_key: "c" } });
	await call(id, 400, { ...to, raw: "[]", headers: { "Content-Encoding": "gzip" } });
	await call(id, 413, { ...to, headers: lines, raw: "{}\n".repeat(10001) });
	await call(id, 413, { ...to, raw: " ".repeat((16 << 20) + 1) });
	await call(id, 415, { ...to, raw: "[]", headers: { "Content-Type": "text/csv" } });
	await call(id, 415, { ...to, raw: "[]", headers: { "Content-Encoding": "br" } });
}
