// What every page does without its server: the clock, deadlines that count on, notices, menus.

const words = JSON.parse(document.getElementById("guatu-words")?.textContent ?? "{}");

/** The reader's sentence for a key, its %(name)s filled in. */
export function say(key, facts = {}) {
  return (words[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => String(facts[name] ?? ""));
}

// The server's clock, not the workstation's: a wall must not show a wrong time.
const offset = Date.parse(document.body.dataset.now) - Date.now();
const ahead = Number.isFinite(offset) && Math.abs(offset) > 2000 ? offset : 0;

/** The server's present, in milliseconds since the epoch. */
export function now() {
  return Date.now() + ahead;
}

const clockFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/** A moment's time of day where the plants are. */
export function clock(ms) {
  return clockFormat.format(new Date(ms));
}

/** A duration as the server would say it (words.py). */
export function duration(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const facts = {
    days: Math.floor(seconds / 86400),
    hours: Math.floor(seconds / 3600) % 24,
    minutes: Math.floor(seconds / 60) % 60,
    seconds,
  };
  if (facts.days) return say(facts.hours ? "days_hours" : "days", facts);
  if (facts.hours) return say(facts.minutes ? "hours_minutes" : "hours", facts);
  return say(facts.minutes ? "minutes" : "seconds", facts);
}

function count() {
  const present = now();
  for (const element of document.querySelectorAll("[data-clock]")) {
    element.textContent = clock(present);
  }
  for (const element of document.querySelectorAll("time[data-due]")) {
    const left = Date.parse(element.dateTime) - present;
    const side = Math.abs(left) < 1000 ? "due_now" : left < 0 ? "overdue" : "left";
    const text = say(side, { time: duration(left) });
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle("due-over", left < 0);
    element.classList.toggle("due-soon", left >= 0 && left < 600_000);
    element.classList.toggle("due-ahead", left >= 600_000);
  }
}
count();
setInterval(count, 1000);

/** Show a notice; level is Django's: success, info, warning, error. */
export function notice(text, level = "info") {
  // The same trouble, told by each part of a page, is told once.
  const told = [...document.querySelectorAll("#messages .notice span")];
  if (told.some((span) => span.textContent === text)) return;
  const element = document.createElement("div");
  element.className = `notice notice-${level}`;
  const span = document.createElement("span");
  span.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "notice-close";
  close.setAttribute("aria-label", say("close"));
  close.textContent = "×";
  element.append(span, close);
  document.getElementById("messages")?.append(element);
  expire(element);
}

function expire(element) {
  // What went wrong stays until it is closed; the rest leaves by itself.
  if (element.classList.contains("notice-error")) return;
  setTimeout(() => element.remove(), 8000);
}
document.querySelectorAll(".notice").forEach(expire);

document.addEventListener("click", (event) => {
  event.target.closest?.(".notice-close")?.closest(".notice")?.remove();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.body.addEventListener("guatu:messages", (event) => {
  for (const { level, text } of event.detail.messages) notice(text, level);
});
document.body.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) return; // the browser is on its way to the sign-in page
  notice(say({ 403: "forbidden", 503: "not_saved" }[status] ?? "failed", { status }), "error");
});
document.body.addEventListener("htmx:sendError", () => notice(say("unreachable"), "error"));
