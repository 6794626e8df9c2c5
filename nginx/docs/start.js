// Shows what /ready answers, in words, and asks again every few seconds.

const EVERY_MS = 5000;
const PATIENCE_MS = 10000;

const state = document.getElementById("state");
let shown = "";

function element(name, text) {
  const made = document.createElement(name);

  made.textContent = text;
  return made;
}

// Changes the page only if the text has changed, because a screen reader reads
// every change aloud.
function show(kind, headline, explanation, list = []) {
  const now = JSON.stringify([kind, headline, explanation, list]);
  const text = element("p", "");

  if (now === shown)
    return;
  shown = now;
  text.append(element("strong", headline), ` ${explanation}`);
  state.className = kind;
  state.replaceChildren(text);
  if (list.length > 0) {
    state.append(element("ul", ""));
    state.lastChild.append(...list.map((line) => element("li", line)));
  }
}

const lines = (list) => Array.isArray(list) ? list.map(String) : [];

// The body can come from the pool, from nginx, or from a proxy in front of it.
function tell(status, body) {
  const warnings = lines(body.warnings);
  const reasons = lines(body.reasons);

  if (status === 200 && body.status === "ready" && warnings.length === 0)
    show("good", "Yes.",
      "The server is ready: the database answers, and a worker runs.");
  else if (status === 200 && body.status === "ready")
    show("warning", "Yes, but look at this.",
      "The server is ready, with warnings:", warnings);
  else if (reasons.length > 0)
    show("bad", "No.", "The server is not ready, because of:", reasons);
  else
    show("bad", "No.", `The server answered with status ${status}` +
      (typeof body.detail === "string" ? `: ${body.detail}.` : "."));
}

async function ask() {
  try {
    const response = await fetch("/ready", { cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS) });

    tell(response.status, await response.json().catch(() => null) ?? {});
  } catch {
    show("bad", "No.",
      "The server does not answer. This page will try again.");
  }
  const asked = document.getElementById("asked");
  asked.hidden = false;
  asked.textContent = `Asked at ${new Date().toLocaleTimeString()}, and ` +
    `again every ${EVERY_MS / 1000} seconds.`;
}

// Asks only while the page is visible.
async function keepAsking() {
  if (!document.hidden)
    await ask();
  setTimeout(keepAsking, EVERY_MS);
}

// A build without npm has no /docs and /redoc.
async function markMissing(note) {
  const response = await fetch(note.dataset.page, { method: "HEAD" });

  await response.text(); // otherwise the browser reports an aborted request
  note.hidden = response.ok;
}

for (const here of document.querySelectorAll(".here"))
  here.textContent = location.origin;
for (const note of document.querySelectorAll(".missing"))
  markMissing(note).catch(() => {});
if (state)
  keepAsking();
