// One stream from the live process for this page.
//
// Dispatches on <body>:
//   guatu:values   detail {values: [[point, value, at_ms, in_alarm], …]}   the watched plant, each second
//   guatu:changed  detail {kind, plant, region}                            something to fetch again
// A page watches a plant by an element with data-live-plant="ID". The state of the stream
// (connecting, live, lost, off) stands on [data-live-mark] and in a word beside it.

import { say } from "./shell.js";

const { liveUrl, liveTicket, liveRenew, livePass } = document.body.dataset;
const HIDDEN_MS = 60_000; // a page nobody looks at lets go of its stream
const CALM_MS = 1_200; // at most one round of fetching in this time: throttled parts miss none

let source = null;
let former = null; // still speaks until the stream with the next ticket does
let renewing = null;
let attempt = 0;
let retry = null;
let hiding = null;
let pass = { url: liveUrl, ticket: liveTicket, renew_s: Number(liveRenew) };
let wasLost = false;

function mark(state) {
  for (const element of document.querySelectorAll("[data-live-mark]")) {
    if (element.dataset.state === state && element.dataset.told) continue;
    element.dataset.state = state;
    element.dataset.told = "1";
    const word = element.querySelector("[data-live-word]");
    if (word) word.textContent = say(`live_${state}`);
  }
  document.body.dataset.liveState = state;
  dispatch("guatu:live", { state });
}

function dispatch(name, detail) {
  document.body.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
}

// First change at once, those that follow within the calm together as one at its end.
let lastChange = 0;
let pending = null;
function changed(detail) {
  const wait = lastChange + CALM_MS - Date.now();
  if (wait <= 0) {
    lastChange = Date.now();
    dispatch("guatu:changed", detail);
  } else if (!pending) {
    pending = setTimeout(() => {
      pending = null;
      lastChange = Date.now();
      dispatch("guatu:changed", { kind: "several", plant: null, region: null });
    }, wait);
  }
}

function parsed(text, use) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return; // a cut line: the next one tells it again
  }
  use(value);
}

function open() {
  close();
  mark("connecting");
  listen();
}

function listen() {
  const url = new URL(pass.url);
  url.searchParams.set("ticket", pass.ticket);
  const plant = document.querySelector("[data-live-plant]")?.dataset.livePlant;
  if (plant) url.searchParams.set("plant", plant);
  source = new EventSource(url);
  source.addEventListener("open", () => {
    attempt = 0;
    former?.close();
    former = null;
    mark("live");
    if (wasLost) changed({ kind: "reconnected", plant: null, region: null });
    wasLost = false;
  });
  source.addEventListener("values", (event) =>
    parsed(event.data, (values) => dispatch("guatu:values", { values })),
  );
  source.addEventListener("changed", (event) => parsed(event.data, changed));
  source.addEventListener("error", lost);
  clearTimeout(renewing);
  if (pass.renew_s) renewing = setTimeout(renewQuietly, pass.renew_s * 1000);
}

function close() {
  clearTimeout(retry);
  clearTimeout(renewing);
  former?.close();
  former = null;
  source?.close();
  source = null;
}

function lost() {
  close();
  wasLost = true;
  mark("lost");
  const wait = Math.min(30_000, 1000 * 2 ** attempt) * (0.7 + 0.6 * Math.random());
  attempt += 1;
  retry = setTimeout(renew, wait);
}

async function freshPass() {
  const response = await fetch(livePass, { headers: { Accept: "application/json", "HX-Request": "true" } });
  if (response.status === 401) {
    location.reload(); // signed out meanwhile
    return null;
  }
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

// The ticket is short-lived, so each new try brings a fresh one.
async function renew() {
  try {
    const fresh = await freshPass();
    if (!fresh) return;
    pass = fresh;
    open();
  } catch {
    lost();
  }
}

// Before a ticket ends, the next stream is opened beside the present one, so that nothing is missed.
async function renewQuietly() {
  const present = source;
  let fresh;
  try {
    fresh = await freshPass();
  } catch {
    return; // the present stream ends with its ticket; what then is done, is done by lost()
  }
  if (!fresh || source !== present || !present) return;
  pass = fresh;
  former = present;
  former.removeEventListener("error", lost);
  listen();
}

if (liveUrl) {
  open();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(() => {
        close();
        wasLost = true;
        mark("connecting");
      }, HIDDEN_MS);
    } else if (!source) {
      renew();
    }
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (event.persisted) renew();
  });
} else {
  mark("off");
}
