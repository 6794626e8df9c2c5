// Opens /docs and /redoc of the stack on 127.0.0.1:PORT in Chromium:
//
//	node browser.mjs PORT CHROMIUM
//
// They must show the API, Swagger UI must be able to call it, and nothing may
// be asked of anybody else, forbidden by the policy or wrong in the console.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { chromium } = createRequire(
	new URL("../../build/npm/tests/", import.meta.url))("playwright-core");
const [port, executablePath] = process.argv.slice(2);
const origin = `http://127.0.0.1:${port}`;
const wrong = [];

async function open(browser, path) {
	const page = await browser.newPage();

	page.on("request", (request) => {
		const url = request.url().replace(/^blob:/, "");

		if (!url.startsWith(`${origin}/`) && !url.startsWith("data:"))
			wrong.push(`${path} asks for ${request.url()}`);
	});
	page.on("response", (response) => {
		if (response.status() >= 400)
			wrong.push(`${response.status()} ${response.url()}`);
	});
	page.on("requestfailed", (request) => {
		if (!request.url().startsWith("data:"))
			wrong.push(`${path} cannot have ${request.url()}`);
	});
	page.on("pageerror", (error) => wrong.push(`${path}: ${error.message}`));
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			wrong.push(`${path}: ${message.text()}`);
	});
	await page.addInitScript(() => addEventListener("securitypolicyviolation",
		(e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`)));
	const response = await page.goto(origin + path);
	assert.equal(response.status(), 200);
	return page;
}

async function docs(browser) {
	const page = await open(browser, "/docs");
	const health = page.locator("#operations-operation-health");
	const send = page.locator("#operations-ingest-ingestEnergy");

	await health.click();
	await health.locator("button.execute").click();
	await health.locator(".live-responses-table .response-col_status",
		{ hasText: "200" }).waitFor();
	// With a body, from the fixtures; it is stored.
	await send.locator(".opblock-summary").click();
	await send.locator("button.execute").click();
	await send.locator(".live-responses-table", { hasText: "stored_event_id" })
		.waitFor();
	await page.close();
}

async function redoc(browser) {
	const page = await open(browser, "/redoc");

	await page.locator("h2", { hasText: "Send an event of health" }).waitFor();
	await page.getByRole("textbox").fill("secret");
	await page.locator('[data-role="search:results"] li',
		{ hasText: "Make a new secret" }).first().waitFor();
	await page.close();
}

// As root Chromium has no sandbox; it phones its maker unless told not to.
const browser = await chromium.launch({ executablePath, timeout: 60000,
	args: [...(process.getuid() === 0 ? ["--no-sandbox"] : [])] });
try {
	await docs(browser);
	await redoc(browser);
} finally {
	await browser.close();
}
assert.deepEqual(wrong, []);
