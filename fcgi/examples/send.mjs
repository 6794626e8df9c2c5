// Sends the lines of a file, one JSON event each, in batches, as send.py does:
//
//	node send.mjs http://localhost:8000/ingest/energy/batch readings.ndjson

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const [url, path] = process.argv.slice(2);
const LINES = 1000; // events of a batch; the server takes up to 10,000, in 16 MiB
const AGAIN = [429, 502, 503, 504]; // answers after which a repetition can help

async function post(key, events) {
	const text = events.join("\n");

	return fetch(url, { method: "POST", body: await promisify(gzip)(text),
		signal: AbortSignal.timeout(60000),
		headers: { "Content-Type": "application/x-ndjson", "Content-Encoding": "gzip",
			// The same events of the same file: nothing is stored twice.
			"Idempotency-Key": createHash("sha256").update(key + text).digest("hex"),
			// Only the results of events that are refused.
			Prefer: "return=minimal" } });
}

// What the server says of the batch, after as many attempts as it takes.
async function send(key, events) {
	for (let attempt = 0; ; attempt++) {
		// null: no connection, or none any more.
		const answer = await post(key, events).catch(() => null);

		if (answer?.ok)
			return answer.json();
		if (answer && !AGAIN.includes(answer.status))
			throw new Error(`${answer.status}: ${await answer.text()}`);
		const asked = Number(answer?.headers.get("retry-after") ?? 1);
		await pause(1000 * Math.max(asked, Math.min(2 ** attempt, 60)));
	}
}

// Not node:readline, which also splits at U+2028, as JSON does not.
async function* lines() {
	let rest = "";

	for await (const chunk of createReadStream(path, "utf8")) {
		const some = (rest + chunk).split("\n");

		rest = some.pop();
		yield* some;
	}
	yield rest;
}

let number = 0;

async function sendAndTell(events) {
	const { stored, duplicate, results } = await send(
		`${basename(path)} ${number++} `, events);

	for (const { index, status, detail } of results) {
		console.log(status, JSON.stringify(detail), events[index]);
		process.exitCode = 1;
	}
	console.log(`${stored} stored, ${duplicate} known before`);
}

let events = [];
for await (const line of lines()) {
	if (line.trim() !== "")
		events.push(line);
	if (events.length === LINES) {
		await sendAndTell(events);
		events = [];
	}
}
if (events.length > 0)
	await sendAndTell(events);
