// A client as a developer writes it with openapi-fetch and the types that
// openapi-typescript generates from /openapi.json:
//
//	node client.js http://127.0.0.1:PORT
//
// It uses every operation, so that an operation that a generated client cannot
// call is a compile error. "@ts-expect-error" marks mistakes that must not compile.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type Schemas = components["schemas"];
const baseUrl = process.argv[2]!;
const api = createClient<paths>({ baseUrl });
const NOBODY = "00000000-0000-0000-0000-000000000000";

// --- the operations used -------------------------------------------------------

const used = new Set<string>();
const notes: Middleware = {
	onRequest({ request, schemaPath }) {
		used.add(`${request.method.toLowerCase()} ${schemaPath}`);
	},
};
api.use(notes);

function holds(condition: unknown, what: string): asserts condition {
	if (!condition)
		throw new Error(`client.ts: ${what}`);
}

// The data of a successful answer; throws for an error, whose detail is a sentence
// or a list of faults.
function got<T>(answer: { data?: T; error?: unknown; response: Response }): T {
	if (answer.data === undefined)
		throw new Error(`${answer.response.status} ${answer.response.url}: ` +
			JSON.stringify(answer.error));
	return answer.data;
}

async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
	for (const end = Date.now() + 30000; Date.now() < end;) {
		const found = await ask();

		if (found !== undefined)
			return found;
		await new Promise((go) => setTimeout(go, 20));
	}
	throw new Error(`not within 30 s: ${what}`);
}

// --- senders ---------------------------------------------------------------------

async function send(): Promise<string> {
	const path = { service: "weather" };
	const receipt: Schemas["Receipt"] = got(await api.POST("/ingest/{service}", {
		params: { path },
		body: { wind_kmh: 130, gusts: [150, { at: "noon" }], station: null } }));
	holds(receipt.derived_events.length === 0, "weather derives nothing");

	// The general path takes the payload of a known service too.
	const reading: Schemas["EnergyPayload"] = { energy: "501", meter: 7 };
	got(await api.POST("/ingest/{service}", {
		params: { path: { service: "energy" }, query: { dedupe_key: "client" } },
		body: reading }));
	got(await api.POST("/ingest/energy", { body: reading }));
	got(await api.POST("/ingest/transport", { body: { bus_id: 1, lat: -23.5, lon: null } }));
	got(await api.POST("/ingest/security", {
		body: { alert: true, camera_trigger: "motion" } }));
	// @ts-expect-error a location is text
	const wrong = await api.POST("/ingest/health", { body: { location: 1 } });
	holds(wrong.response.status === 422 && wrong.error, "a location of 1 is refused");
	if (wrong.response.status === 422 && "detail" in wrong.error &&
		typeof wrong.error.detail !== "string")
		holds(wrong.error.detail[0]?.loc[1] === "location", "and the fault names it");
	await sendMany();
	// @ts-expect-error the service is missing
	const nowhere = () => api.POST("/ingest/{service}", { body: {} });
	void nowhere;

	const emergency = got(await api.POST("/ingest/health", {
		params: { header: { "Idempotency-Key": "client-1" } },
		body: { patient_id: 77, alert: "emergency", location: "Rua A", pulse: 180 } }));
	holds(emergency.derived_events.length === 2, "an emergency derives two");
	return emergency.stored_event_id;
}

async function sendMany(): Promise<void> {
	const params = { path: { service: "energy" }, header: {
		"Idempotency-Key": "client-2" } };
	const readings: Schemas["EnergyPayload"][] = [{ energy: 7 }, { energy: 8 }];
	const some: Schemas["BatchAnswer"] = got(await api.POST("/ingest/{service}/batch", {
		params, body: readings }));
	const first = some.results[0];
	holds(some.stored === 2 && first, "both are stored");
	if ("detail" in first)
		throw new Error(`${first.status} ${JSON.stringify(first.detail)}`);
	holds(first.stored_event_id, "and have their ids");

	const event: Schemas["CloudEvent"] = { specversion: "1.0", id: "1",
		source: "/client", type: "reading", unit: "kWh", data: { energy: 9 } };
	got(await api.POST("/ingest/{service}", { params: { path: params.path },
		headers: { "Content-Type": "application/cloudevents+json" }, body: event }));
	const both = got(await api.POST("/ingest/{service}/batch", {
		params: { path: params.path, query: { atomic: true } },
		headers: { "Content-Type": "application/cloudevents-batch+json" },
		body: [event, { ...event, id: "2" }] }));
	holds(both.duplicate === 1 && both.stored === 1, "one of them was known");
	const lines = got(await api.POST("/ingest/{service}/batch", {
		params: { path: params.path }, bodySerializer: (text) => text,
		headers: { "Content-Type": "application/x-ndjson" }, body: "{}\n{}\n" }));
	holds(lines.stored === 2, "lines too");
}

// --- receivers -------------------------------------------------------------------

async function subscribe(): Promise<Schemas["SubscriptionWithSecret"]> {
	const least = got(await api.POST("/subscriptions", {
		body: { topic: "event.transport", url: `${baseUrl}/nowhere` } }));
	const most: Schemas["NewSubscription"] = { topic: "event.*",
		url: "https://receiver.example/events", description: "all of it",
		retry_schedule: [0, 5, 60], ordering: "subject", max_in_flight: 4,
		expires_after: null, paused: true };
	const other = got(await api.POST("/subscriptions", { body: most }));

	// @ts-expect-error a subscription needs an address
	const bare: Schemas["NewSubscription"] = { topic: "event.x" };
	void bare;
	// @ts-expect-error "subject" is the only ordering
	const order: Schemas["NewSubscription"] = { ...most, ordering: "random" };
	void order;

	const params = { path: { id: other.id } };
	const changed = got(await api.PATCH("/subscriptions/{id}", { params,
		body: { paused: false, retry_schedule: null, ordering: null } }));
	holds(changed.status === "active" && changed.breaker.state === "closed" &&
		changed.ordering === null, "it is active");
	const rotated = got(await api.POST("/subscriptions/{id}/secret/rotate", { params }));
	holds(rotated.secret.startsWith("whsec_"), "a new secret");
	got(await api.POST("/subscriptions/{id}/secret/rotate", { params, body: {} }));
	got(await api.POST("/subscriptions/{id}/secret/rotate", { params,
		body: { grace_seconds: 60 } }));
	const { response } = await api.DELETE("/subscriptions/{id}", { params });
	holds(response.status === 204, "it is gone");
	const { error } = await api.GET("/subscriptions/{id}", { params });
	holds(error?.detail, "and not found any more");
	return least;
}

// --- readers ---------------------------------------------------------------------

async function read(id: string): Promise<void> {
	const params = { path: { id } };
	const event: Schemas["Event"] = got(await api.GET("/events/{id}", { params }));
	const normal = event.normalized_payload;

	holds(event.payload.pulse === 180, "a payload has any member");
	holds(normal !== null && normal.patient_id === 77, "so has a normal one");
	const trace = got(await api.GET("/events/{id}/trace", { params }));
	const first = trace.derived[0]?.message?.data.action;
	holds(typeof first === "string", "what was derived is there");

	const pages = got(await api.GET("/events", { params: { query: { limit: 2,
		offset: 0, derived: true, service: "transport", source_event_id: id,
		deduplication_key: "health_emergency_77",
		since: "2001-01-01T00:00:00Z" } } }));
	holds(pages.length === 1, "one of them for transport");
	const feed = got(await api.GET("/events", { params: { query: { after: "0" } } }));
	holds(feed.length >= 7, "the feed has all of them");
	const { error, response } = await api.GET("/events", {
		params: { query: { limit: 101 } } });
	holds(response.status === 400 && error?.detail, "101 are too many");

	const [refused] = got(await api.GET("/rejected", {
		params: { query: { service: "health", limit: 1 } } }));
	holds(refused, "what was refused is kept");
	const { reasons } = got(await api.GET("/rejected/{id}", {
		params: { path: { id: refused.id } } }));
	holds(reasons[0]?.input === 1, "with its reasons");
}

async function follow(): Promise<void> {
	const gone = new AbortController();
	const { data, response } = await api.GET("/events/stream", {
		params: { query: { service: "weather" } }, parseAs: "stream",
		headers: { Accept: "text/event-stream" }, signal: gone.signal });

	holds(response.status === 200 && data, "the stream is open");
	gone.abort();
}

// --- operators -------------------------------------------------------------------

async function deliver(sub: Schemas["Subscription"]): Promise<void> {
	const params = { path: { id: sub.id } };
	const subscription = sub.id;

	got(await api.GET("/subscriptions", { params: { query: { limit: 1 } } }));
	got(await api.GET("/subscriptions/{id}", { params }));
	got(await api.PATCH("/subscriptions/{id}", { params,
		body: { retry_schedule: "0,3600" } }));
	const { id } = got(await api.POST("/subscriptions/{id}/test", { params }));
	const message = await until("a delivery is tried again", async () => {
		const { data } = await api.GET("/outbox/{id}", { params: { path: { id } } });

		return data?.status === "retrying" ? data : undefined;
	});
	holds(message.deliveries[0]?.attempt_log[0]?.error, "and why");
	got(await api.GET("/outbox", { params: { query: { subscription,
		status: "retrying", topic: "event.transport" } } }));
	const { retried } = got(await api.POST("/outbox/{id}/retry", {
		params: { path: { id }, query: { status: "retrying" } } }));
	holds(retried === 1, "one is due now");
	const lost = await api.POST("/outbox/{id}/retry", { params: { path: { id: NOBODY } } });
	holds(lost.response.status === 404 && lost.error, "nobody's is not found");
	const replay = got(await api.POST("/outbox/replay", {
		params: { query: { dry_run: true, status: "failed", subscription } } }));
	holds(replay.dry_run && replay.replayed === 0, "nothing was replayed");
	got(await api.POST("/outbox/replay"));
	// @ts-expect-error no delivery is in this state
	const state = () => api.GET("/outbox", { params: { query: { status: "lost" } } });
	void state;
}

async function operate(): Promise<void> {
	const health = got(await api.GET("/health"));
	const ready = got(await api.GET("/ready"));
	const status = got(await api.GET("/status", { params: { query: { json: "", full: "" } } }));

	holds(health.status === "ok" && ready.status === "ready", "it is well");
	holds(typeof status !== "string" && status["total processes"] > 0 &&
		status.processes?.[0]?.state, "the pool is there");
	const text = got(await api.GET("/status", { parseAs: "text" }));
	const metrics: string = got(await api.GET("/metrics", { parseAs: "text" }));
	holds(text.includes("pool:") && metrics.includes("# TYPE"), "as text too");
}

// An error in the format of RFC 9457 is typed too.
async function problem(): Promise<void> {
	const { error } = await api.GET("/events/{id}", {
		params: { path: { id: NOBODY } },
		headers: { Accept: "application/problem+json" } });

	holds(error && "title" in error && error.title === "Not Found" &&
		error.type === "about:blank", "a problem");
}

// ---------------------------------------------------------------------------------

const id = await send();
const sub = await subscribe();
await read(id);
await follow();
await deliver(sub);
await operate();
await problem();

const document = await (await fetch(`${baseUrl}/openapi.json`)).json() as
	{ paths: Record<string, Record<string, unknown>> };
const missed = Object.entries(document.paths).flatMap(([path, item]) =>
	Object.keys(item).map((method) => `${method} ${path}`))
	.filter((operation) => !used.has(operation));
holds(missed.length === 0, `not used: ${missed.join(", ")}`);
