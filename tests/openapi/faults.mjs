// Causes the errors that a healthy stack does not give. For this, a second nginx
// in front of the same pool has a server for each fault, and a database refuses
// connections.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";

const [directory, database] = process.argv.slice(3);
const shipped = new URL("../../nginx/", import.meta.url);
const read = (name) => fs.readFileSync(new URL(name, shipped), "utf8");

// Directives that each server's locations have instead of, or besides, the shipped
// ones.
const CHANGES = {
	plain: "",
	forbidden: "",
	unknown: "fastcgi_param SMARTCITY_UNKNOWN_SERVICES reject;",
	misconfigured: "fastcgi_param THRESHOLD_KWH much;",
	crowded: "limit_req zone=all; limit_req_status 429;",
	closed: "limit_req zone=all; limit_req_status 503;",
	gone: "fastcgi_pass unix:gone.sock;",
	silent: "fastcgi_pass unix:silent.sock; fastcgi_read_timeout 100ms;",
};

async function freePort() {
	const server = net.createServer();

	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	const { port } = server.address();
	await new Promise((done) => server.close(done));
	return port;
}

// A fastcgi_* file with its includes expanded.
const whole = (name) => read(name).replace(/^include (fastcgi_\w+);$/gm,
	(_, other) => whole(other));

// A location's own value replaces the shipped one of the same name. The location of
// batches inherits the parameters of the one that it is in, unless it has its own.
function changed(text, change) {
	for (const [, name] of change.matchAll(/(fastcgi_(?:pass|read_timeout)) /g))
		text = text.replace(new RegExp(`^${name} .*`, "m"), "");
	return `${text}\n${change.replaceAll("unix:", `unix:${directory}/gates/`)}\n`;
}

async function configure(dir) {
	const ports = {};
	let servers = "";

	for (const [name, change] of Object.entries(CHANGES)) {
		ports[name] = await freePort();
		for (const file of fs.readdirSync(shipped))
			if (file.startsWith("fastcgi_"))
				fs.writeFileSync(`${dir}/${name}_${file}`,
					changed(whole(file), file !== "fastcgi_smartcity_batch" ?
						change : change.replace(/fastcgi_param .*?;/g, "")));
		fs.writeFileSync(`${dir}/${name}.conf`, read("smartcity.conf")
			.replaceAll("include fastcgi_", `include ${name}_fastcgi_`)
			.replace(/^\tallow .*$/gm, name === "forbidden" ? "" : "$&"));
		servers += `server { listen 127.0.0.1:${ports[name]}; ` +
			`include ${name}.conf; }\n`;
	}
	fs.writeFileSync(`${dir}/smartcity-http.conf`, read("smartcity-http.conf")
		.replace(/unix:\/run\/smartcity\//g, `unix:${directory}/run/sockets/`));
	fs.writeFileSync(`${dir}/nginx.conf`, `
${process.getuid() === 0 ? "user www-data;" : ""}
daemon off; pid pid; error_log error.log; events { }
http {
	access_log off;
	client_body_temp_path t1; fastcgi_temp_path t2; proxy_temp_path t3;
	uwsgi_temp_path t4; scgi_temp_path t5;
	limit_req_zone $server_port zone=all:1m rate=1r/m;
	include smartcity-http.conf;
	${servers}
}`);
	return ports;
}

async function answers(port) {
	for (const end = Date.now() + 30000; Date.now() < end;) {
		try {
			return (await fetch(`http://127.0.0.1:${port}/health`)).status;
		} catch {
			await new Promise((go) => setTimeout(go, 20));
		}
	}
	throw new Error("the second nginx does not answer");
}

// Calls use(ports) while the second nginx runs; ports has the names of CHANGES.
export async function gates(use) {
	const dir = `${directory}/gates`, silent = net.createServer(() => {});

	fs.mkdirSync(dir);
	const ports = await configure(dir);
	await new Promise((done) => silent.listen(
		{ path: `${dir}/silent.sock`, writableAll: true }, done));
	const nginx = spawn("nginx", ["-p", dir, "-c", "nginx.conf"], { stdio: "inherit",
		env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
	const over = new Promise((done) => nginx.on("close", done));
	const end = () => nginx.kill("SIGTERM");
	process.on("exit", end);
	try {
		assert.equal(await answers(ports.plain), 200);
		// Uses up these servers' limit of one request a minute.
		await answers(ports.crowded);
		await answers(ports.closed);
		await use(ports);
	} finally {
		end();
		silent.close();
		await over;
	}
}

// Calls use() while nobody can connect to the database.
export async function withoutDatabase(use) {
	const name = /\/([a-z0-9_]+)\?/.exec(database)[1];
	const sql = (...commands) => execFileSync("psql", ["-qX",
		process.env.TEST_DATABASE_URL, ...commands.flatMap((c) => ["-c", c])],
		{ stdio: ["ignore", "ignore", "inherit"] });

	sql(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
		 WHERE datname = '${name}'`);
	try {
		await use();
	} finally {
		sql(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
	}
}
