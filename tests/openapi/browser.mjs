// Opens the pages of the stack on 127.0.0.1:PORT in Chromium:
//
//	node browser.mjs PORT CHROMIUM PAGE…
//
// Each PAGE is a function below. The pages must work and fit on a telephone; they
// must not load anything from other servers, violate their content security
// policy, or log errors in the console.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { chromium } = createRequire(
	new URL("../../build/npm/tests/", import.meta.url))("playwright-core");
const [port, executablePath, ...names] = process.argv.slice(2);
const origin = `http://127.0.0.1:${port}`;
const PHONES = [390, 320];
const wrong = [];

// The long timeout is for a machine that is busy with other tests.
async function newPage(browser, options) {
	const page = await browser.newPage(options);

	page.setDefaultTimeout(120000);
	return page;
}

async function open(browser, path, options = {}) {
	const page = await newPage(browser, options);

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
			wrong.push(`${path} cannot have ${request.url()}: ${request.failure().errorText}`);
	});
	page.on("pageerror", (error) => wrong.push(`${path}: ${error.message}`));
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			wrong.push(`${path}: ${message.text()}`);
	});
	await page.addInitScript(() => addEventListener("securitypolicyviolation",
		(e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`)));
	await options.prepare?.(page);
	const response = await page.goto(origin + path);
	assert.equal(response.status(), 200);
	return page;
}

// The page is not wider than a telephone's screen.
async function fits(page, what) {
	for (const width of PHONES) {
		await page.setViewportSize({ width, height: 800 });
		assert.equal(await page.evaluate(() =>
			document.documentElement.scrollWidth), width, what);
	}
}

async function docs(browser) {
	const page = await open(browser, "/docs");
	const health = page.locator("#operations-operation-health");
	const send = page.locator("#operations-ingest-ingestEnergy");

	await health.click();
	await health.locator("button.execute").click();
	await health.locator(".live-responses-table .response-col_status",
		{ hasText: "200" }).waitFor();
	// The form sends the example body from the fixtures.
	await send.locator(".opblock-summary").click();
	await send.locator("button.execute").click();
	await send.locator(".live-responses-table", { hasText: "stored_event_id" })
		.waitFor();
	await page.close();
}

// The description with the error responses of only one operation: they are the
// same for all operations, and slow to render.
async function shorten(route) {
	const doc = await (await route.fetch()).json();

	for (const op of Object.values(doc.paths).flatMap(Object.values))
		for (const status of Object.keys(op.responses))
			if (op.operationId !== "ingestHealth" && status >= "400")
				delete op.responses[status];
	await route.fulfill({ json: doc });
}

async function docsOnAPhone(browser) {
	const page = await open(browser, "/docs", {
		prepare: (p) => p.route("**/openapi.json", shorten) });

	await page.locator(".opblock").first().waitFor();
	const operations = await page.locator(".opblock").all();
	const narrowest = Math.min(...PHONES);
	assert.ok(operations.length > 20);
	await page.setViewportSize({ width: narrowest, height: 800 });
	// Opens one at a time: with all of them open, the page takes twice as long.
	for (const operation of operations) {
		const width = await operation.evaluate(async (block) => {
			const button = block.querySelector(".opblock-summary-control");

			button.click();
			while (!block.querySelector(".responses-table"))
				await new Promise((go) => setTimeout(go, 10));
			const { scrollWidth } = document.documentElement;
			button.click();
			return scrollWidth;
		});
		assert.equal(width, narrowest, await operation.getAttribute("id"));
	}
	const health = page.locator("#operations-ingest-ingestHealth");
	await health.locator(".opblock-summary-control").click();
	await health.locator("button.execute").click();
	await health.locator(".live-responses-table", { hasText: "stored_event_id" })
		.waitFor();
	await fits(page, "/docs, with an answer");
	await page.close();
}

// --- the start page ----------------------------------------------------------

const state = (page, text) => page.locator("#state", { hasText: text }).waitFor();

// Answers of /ready, one after the other, and what the page shows; null: no answer.
const ANSWERS = [
	[{ json: { status: "ready" } }, "Yes. The server is ready"],
	[{ json: { status: "ready", warnings: ["clock: <b>late</b>"] } },
		"Yes, but look at this."],
	[{ json: {} , status: 200 }, "No. The server answered with status 200."],
	[{ json: { status: "unavailable", reasons: ["worker: none was seen"] },
		status: 503 }, "No. The server is not ready, because of: worker: none"],
	[{ json: { detail: "The service is not reachable, try again later" },
		status: 502 }, "No. The server answered with status 502: The service is"],
	[{ body: "<html>", status: 504 }, "No. The server answered with status 504."],
	[null, "No. The server does not answer."],
	[{ json: { status: "ready" } }, "Yes. The server is ready"],
];

async function answers(browser) {
	const page = await newPage(browser);
	let answer;

	await page.clock.install();
	await page.route("**/ready", (route) =>
		answer === null ? route.abort() : route.fulfill(answer));
	[[answer]] = ANSWERS;
	await page.goto(origin);
	for (const [next, text] of ANSWERS) {
		answer = next;
		await page.clock.runFor(5000);
		await page.locator("#state").getByText(text.split(":")[0]).waitFor();
		const shown = await page.locator("#state").innerText();
		assert.ok(shown.replace(/\s+/g, " ").startsWith(text), shown);
		assert.ok(!next?.json?.warnings || shown.includes("<b>late</b>"), shown);
	}
	await page.close();
}

// The lowest contrast of a text with its background (WCAG 2).
const contrast = (page) => page.evaluate(() => {
	const light = (colour) => {
		const [r, g, b] = colour.match(/[\d.]+/g).map((v) => v / 255)
			.map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);

		return .2126 * r + .7152 * g + .0722 * b;
	};
	const behind = (e) => {
		const { backgroundColor } = getComputedStyle(e);

		return /, 0\)$/.test(backgroundColor) && e.parentElement ?
			behind(e.parentElement) : backgroundColor;
	};

	return Math.min(...[...document.querySelectorAll("body *")]
		.filter((e) => e.innerText).map((e) => {
			const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];

			return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		}));
});

async function start(browser) {
	for (const colorScheme of ["light", "dark"])
		for (const path of ["/", "/events/stream"]) {
			const page = await open(browser, path, { colorScheme });

			if (path === "/")
				await state(page, "Yes. The server is ready");
			await page.locator("pre", { hasText: `${origin}/` }).waitFor();
			await fits(page, path);
			assert.ok(await contrast(page) >= 4.5, `${path}, ${colorScheme}`);
			assert.equal(await page.locator("h1").count(), 1);
			await page.close();
		}
	const page = await open(browser, "/");
	for (const link of await page.locator("a").all()) {
		const url = origin + await link.getAttribute("href");
		const response = await fetch(url, { headers: { Accept: "text/html, */*" } });

		assert.equal(response.status, 200, url);
		await response.text();
	}
	assert.equal(await page.getByText("not installed here").filter({ visible: true })
		.count(), 0);
	await page.close();
	await answers(browser);
}

// The start page of a build without npm.
async function startAlone(browser) {
	const page = await newPage(browser);

	await page.goto(origin);
	await state(page, "Yes. The server is ready");
	assert.equal(await page.getByText("not installed here").filter({ visible: true })
		.count(), 2);
	await page.close();
}

// -----------------------------------------------------------------------------

async function redoc(browser) {
	const page = await open(browser, "/redoc");

	await page.locator("h2", { hasText: "Send an event of health" }).waitFor();
	await page.getByRole("textbox").fill("secret");
	await page.locator('[data-role="search:results"] li',
		{ hasText: "Make a new secret" }).first().waitFor();
	await fits(page, "/redoc");
	await page.close();
}

// Chromium's sandbox does not work as root.
const browser = await chromium.launch({ executablePath, timeout: 60000,
	args: [...(process.getuid() === 0 ? ["--no-sandbox"] : [])] });
const pages = { docs, docsOnAPhone, redoc, start, startAlone };
try {
	for (const name of names)
		await pages[name](browser);
} finally {
	await browser.close();
}
assert.deepEqual(wrong, []);
