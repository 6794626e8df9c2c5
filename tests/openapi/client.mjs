// Generates a client from the API's description with openapi-typescript, compiles
// client.ts with it under tsc --strict, and runs it against the stack:
//
//	node client.mjs PORT DIRECTORY
//
// A valid description can still give a useless client; faults() finds the causes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { fileURLToPath } from "node:url";

const [port, directory] = process.argv.slice(2);
const origin = `http://127.0.0.1:${port}`;
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const packages = file("../../build/npm/tests/node_modules");
const doc = await (await fetch(`${origin}/openapi.json`)).json();

// --- what generators need ------------------------------------------------------

// Every schema in node, with its place; follows references.
function* schemas(node, at, seen = new Set()) {
	if (node === null || typeof node !== "object" || seen.has(node))
		return;
	seen.add(node);
	if (typeof node.$ref === "string") {
		const name = node.$ref.split("/").pop();

		yield* schemas(doc.components.schemas[name], name, seen);
		return;
	}
	yield [at, node];
	for (const key of ["properties", "patternProperties"])
		for (const [name, schema] of Object.entries(node[key] ?? {}))
			yield* schemas(schema, `${at}.${name}`, seen);
	for (const key of ["items", "additionalProperties", "contentSchema"])
		yield* schemas(node[key], `${at}.${key}`, seen);
	for (const key of ["anyOf", "oneOf", "allOf"])
		for (const [i, schema] of (node[key] ?? []).entries())
			yield* schemas(schema, `${at}.${key}[${i}]`, seen);
}

// All bodies of requests and responses, as [place, schema, is it a request's?].
function* bodies() {
	for (const [path, item] of Object.entries(doc.paths))
		for (const [method, op] of Object.entries(item)) {
			const at = `${method} ${path}`;

			for (const { schema } of Object.values(op.requestBody?.content ?? {}))
				yield [`${at}, request`, schema, true];
			for (const [status, r] of Object.entries(op.responses)) {
				const { content = {} } = r.$ref === undefined ? r :
					doc.components.responses[r.$ref.split("/").pop()];

				for (const [type, { schema }] of Object.entries(content))
					yield [`${at}, ${status} ${type}`, schema, false];
			}
		}
}

function* faults() {
	for (const [body, schema, isRequest] of bodies()) {
		if (schema === undefined)
			yield `${body}: it has no schema`;
		for (const [at, node] of schemas(schema, body)) {
			const types = [node.type ?? []].flat();

			if (types.includes("object") && node.properties === undefined &&
				node.additionalProperties === undefined)
				yield `${at}: no member fits, say additionalProperties`;
			if (isRequest && node.default !== undefined)
				yield `${at}: what has a default is demanded`;
			if ((node.const !== undefined || node.enum) && types.length === 0)
				yield `${at}: a constant without a type`;
			for (const name of node.required ?? [])
				if (node.properties?.[name] === undefined)
					yield `${at}: ${name} is required and not described`;
		}
	}
}

// --- a client ------------------------------------------------------------------

function run(...command) {
	try {
		execFileSync(process.execPath, command, { cwd: directory });
	} catch (e) {
		throw new Error(`${command.join(" ")}\n${e.stdout}${e.stderr}`);
	}
}

function make() {
	fs.writeFileSync(`${directory}/openapi.json`, JSON.stringify(doc));
	fs.writeFileSync(`${directory}/package.json`, '{ "type": "module" }');
	fs.symlinkSync(packages, `${directory}/node_modules`);
	fs.copyFileSync(file("client.ts"), `${directory}/client.ts`);
	run(`${packages}/openapi-typescript/bin/cli.js`, "openapi.json", "-o", "schema.d.ts");
	run(`${packages}/typescript/bin/tsc`, "--strict", "--noUncheckedIndexedAccess",
		"--noUnusedLocals", "--lib", "es2022,dom,dom.iterable",
		"--target", "es2022", "--module", "nodenext", "client.ts");
}

assert.deepEqual([...new Set(faults())], []);
fs.mkdirSync(directory);
make();
run("client.js", origin);
