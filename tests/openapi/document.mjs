// Checks requests and answers against the API's description, as the stack serves
// it. Anything that is not documented fails.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const packages = createRequire(
	new URL("../../build/npm/tests/", import.meta.url));
const { default: Ajv } = packages("ajv/dist/2020");
const addFormats = packages("ajv-formats");

export const port = process.argv[2];
const METHODS = ["get", "post", "put", "patch", "delete"];

// --- the description ---------------------------------------------------------

export const doc = await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json();

export const follow = (node) => node?.$ref === undefined ? node :
	follow(node.$ref.slice(2).split("/").reduce(
		(at, name) => at[name.replaceAll("~1", "/")], doc));

// Forbids members that are not described.
function close(schema) {
	if (schema === null || typeof schema !== "object")
		return;
	if (schema.properties)
		schema.additionalProperties ??= false;
	Object.values(schema).forEach(close);
}
close(doc.components.schemas);

export const operations = Object.entries(doc.paths).flatMap(([path, item]) =>
	METHODS.filter((m) => item[m]).map((method) =>
		({ path, method, ...item[method], seen: new Set() })));
export const byId = Object.fromEntries(operations.map((o) => [o.operationId, o]));

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addKeyword("components");
ajv.addSchema({ $id: "doc", components: doc.components });

export function check(schema, value, what) {
	const rooted = JSON.parse(JSON.stringify(schema)
		.replaceAll('"$ref":"#/', '"$ref":"doc#/'));
	const fits = ajv.compile(rooted);

	assert.ok(fits(value), `${what}: ${ajv.errorsText(fits.errors)}: ` +
		JSON.stringify(value)?.slice(0, 500));
}

export function fails(schema, value) {
	try {
		check(schema, value, "");
	} catch {
		return true;
	}
	return false;
}

// --- one request and its answer ----------------------------------------------

const TOLD = ["allow", "link", "location", "retry-after", "accept-post",
	"accept-encoding", "idempotent-replayed", "preference-applied", "x-request-id"];

export async function checkResponse(described, response, what) {
	const { headers = {}, content } = described;

	for (const [name, ref] of Object.entries(headers)) {
		const header = follow(ref), value = response.headers.get(name);

		assert.ok(value !== null || !header.required, `${what}: no ${name}`);
		if (value !== null)
			check(header.schema, value, `${what}: ${name}`);
	}
	for (const name of TOLD)
		assert.ok(!response.headers.has(name) || Object.keys(headers)
			.some((known) => known.toLowerCase() === name),
			`${what}: ${name} is not documented`);
	const text = await response.text();
	if (content === undefined) {
		assert.equal(text, "", what);
		return undefined;
	}
	const type = response.headers.get("content-type").split(";")[0];
	assert.ok(content[type], `${what}: ${type} is not documented`);
	const body = type.endsWith("json") ? JSON.parse(text) : text;
	check(content[type].schema, body, what);
	return body;
}

// Requests must be documented too, unless the test expects them to be refused.
function checkRequest(op, { query = {}, headers = {}, body }) {
	const known = (op.parameters ?? []).map(follow);

	for (const [where, given] of [["query", query], ["header", headers]])
		for (const [name, value] of Object.entries(given)) {
			const p = known.find((k) => k.in === where && k.name === name);

			if (p === undefined && ["Accept", "Content-Encoding", "Content-Type"].includes(name))
				continue;
			assert.ok(p, `${op.operationId}: ${name} is not documented`);
			const type = follow(p.schema).type;
			check(p.schema, type === "integer" ? Number(value) :
				type === "boolean" ? value === "true" : value, name);
		}
	if (body !== undefined)
		check(op.requestBody.content["application/json"].schema, body,
			op.operationId);
}

export const fill = (path, values) =>
	path.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function send(op, request, at) {
	const { query = {}, headers = {}, body, raw } = request;
	const search = request.search ?? new URLSearchParams(query).toString();
	const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));

	return fetch(`http://127.0.0.1:${at}${fill(op.path, request.path)}${search && "?"}${search}`, {
		method: op.method.toUpperCase(), body: text,
		headers: { ...(text === undefined ? {} :
			{ "Content-Type": "application/json" }), ...headers } });
}

// A request that gets an error is sent twice, the second time for the format of
// RFC 9457.
export async function call(id, status, request = {}, at = port) {
	const op = byId[id], what = `${id} ${status}`;
	let first;

	if (status < 400)
		checkRequest(op, request);
	for (const Accept of status < 400 ? [null] :
		["application/json", "application/problem+json"]) {
		const response = await send(op, { ...request, headers:
			{ ...(Accept && { Accept }), ...request.headers } }, at);

		assert.equal(response.status, status, what);
		assert.ok(op.responses[status], `${what} is not documented`);
		const body = await checkResponse(
			follow(op.responses[status]), response, what);
		first ??= { body, headers: response.headers };
	}
	op.seen.add(String(status));
	return first;
}
