// The warning desk under the fingers: j and k move, Enter opens, a letter does a verb.
// Everything here has a button or link that does the same without script.

const dialog = document.getElementById("verb-dialog");
let chosen = sessionStorage.getItem("guatu-warning");
let ticked = new Set();

const rows = () => [...document.querySelectorAll("tr.warning-row")];
const here = () => document.getElementById(`warning-${chosen}`) ?? document.getElementById("warning-detail");

function choose(row, { focus = true } = {}) {
  for (const other of rows()) other.toggleAttribute("data-chosen", other === row);
  if (!row) return;
  chosen = row.dataset.warning;
  sessionStorage.setItem("guatu-warning", chosen);
  if (focus) {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.dataset.warning === chosen);
  choose(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
}

function isTyping(target) {
  return target.closest?.("input:not([type=checkbox]), textarea, select, dialog[open]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = event.key;
  if (key === "j" || key === "k") {
    move(key === "j" ? 1 : -1);
  } else if (key === "/") {
    document.getElementById("filter-text")?.focus();
  } else if (key === "?") {
    const keys = document.querySelector("details.keys");
    if (keys) keys.open = !keys.open;
  } else if (key === "Enter" && event.target.matches("tr.warning-row")) {
    event.target.querySelector("a.open").click();
  } else if (key === "x") {
    here()?.querySelector("input[name=warning]")?.click();
  } else if (/^[a-z]$/.test(key)) {
    const button = here()?.querySelector(`.verbs [data-key="${key}"]`);
    if (!button) return;
    button.click();
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("tr.warning-row");
  if (row) choose(row, { focus: false });
});

// ---- the dialog of a verb ----

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "verb-form" || !dialog) return;
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(".field-error")?.closest("div, fieldset")?.querySelector("textarea, select, input")?.focus();
  if (!dialog.querySelector(".field-error")) {
    dialog.querySelector("textarea, select, input[type=radio]")?.focus();
  }
});
document.body.addEventListener("warnings:done", () => dialog?.close());
dialog?.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  }
});
dialog?.addEventListener("close", () => {
  document.getElementById("verb-form").replaceChildren();
  here()?.focus?.({ preventScroll: true });
});
dialog?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) dialog.querySelector("form")?.requestSubmit();
});

// ---- what a swap must not lose: the chosen row, the ticks ----

// The banner over the page is swapped in between: it holds no row, and must neither forget the
// ticks of a list that is just being swapped nor bring back one that was taken off since.
const concernsDesk = (event) => !event.target.closest?.("#alerts, #alert-count");

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (!concernsDesk(event)) return;
  ticked = new Set([...document.querySelectorAll("input[name=warning]:checked")].map((box) => box.value));
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (concernsDesk(event)) dress();
});

function dress() {
  const focused = document.activeElement === document.body || document.activeElement === null;
  const row = document.getElementById(`warning-${chosen}`);
  if (row) choose(row, { focus: focused && document.body.dataset.moved === "1" });
  for (const box of document.querySelectorAll("input[name=warning]")) box.checked ||= ticked.has(box.value);
  const all = document.getElementById("tick-all");
  if (all) all.hidden = !document.querySelector("input[name=warning]");
  for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
}

document.addEventListener("change", (event) => {
  if (event.target.id !== "tick-all") return;
  for (const box of document.querySelectorAll("input[name=warning]")) box.checked = event.target.checked;
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) print();
});
document.addEventListener("keydown", () => (document.body.dataset.moved = "1"), { once: true });

dress();
