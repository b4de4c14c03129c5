// The explorer of history: what is chosen and shown, fetched anew at every move, finer or coarser.

import * as echarts from "../../shell/vendor/echarts-6.1.0/echarts.esm.min.js";
import { now as serverNow, notice } from "../../shell/shell.js";
import { listen } from "./gestures.js";
import * as lists from "./lists.js";
import { height, options } from "./options.js";
import { ZONE_MS, daysBefore, fromLocal, local, moment, moved, width } from "./time.js";

const PRESETS = { "15m": 900e3, "1h": 3600e3, "8h": 8 * 3600e3, "24h": 86400e3, "7d": 7 * 86400e3, "30d": 30 * 86400e3, "1y": 366 * 86400e3 };
const HOUR = 3600e3;
const DAY = 24 * HOUR;
const REST_MS = 180;
const FOLLOW_MS = 20_000;
const LAYOUT = "guatu-explore-layout";
const NARROW = 560; // pixels: here the axes of several measures leave no room for curves

const words = JSON.parse(document.getElementById("explore-words").textContent);
const say = (key, facts = {}) => (words[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => String(facts[name] ?? ""));
const one = (selector) => document.querySelector(selector);

class Explorer {
  constructor(form) {
    this.form = form;
    this.canvas = one("[data-canvas]");
    this.most = Number(form.dataset.most);
    this.view = {
      points: JSON.parse(document.getElementById("explore-points").textContent),
      courses: new Map(), alarms: [], width: 0, other: null,
      layout: localStorage.getItem(LAYOUT) ?? (this.canvas.clientWidth < NARROW ? "stacked" : "overlay"),
      span: { from: fromLocal(one("#from").value), to: fromLocal(one("#to").value) },
    };
    this.preset = one("[data-preset][aria-pressed='true']")?.dataset.preset ?? "";
    this.cursor = null;
    this.chart = echarts.init(this.canvas, null, { renderer: "canvas" });
    this.list();
    this.listen();
    this.choose(this.view.layout);
    this.load();
  }

  // --- what is asked -------------------------------------------------------------------

  address(span, extra = {}) {
    const url = new URL(this.form.dataset.course, location.href);
    for (const point of this.view.points) url.searchParams.append("points", point.id);
    url.searchParams.set("from", span.from);
    url.searchParams.set("to", span.to);
    url.searchParams.set("places", Math.min(Math.max(Math.round(this.canvas.clientWidth), 200), 2000));
    for (const [name, value] of Object.entries(extra)) url.searchParams.set(name, value);
    return url;
  }

  async ask(url, signal) {
    const response = await fetch(url, { headers: { Accept: "application/json" }, signal });
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  }

  async load() {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    if (this.preset) this.follow();
    this.remember();
    if (!this.view.points.length) {
      Object.assign(this.view, { courses: new Map(), alarms: [], other: null });
      this.say(say("no_points"));
      this.show();
      this.busy(false);
      return;
    }
    const span = { ...this.view.span };
    this.busy(true);
    try {
      const offset = this.compared(span);
      const asked = [this.ask(this.address(span), signal)];
      if (offset) asked.push(this.ask(this.address({ from: span.from - offset, to: span.to - offset }), signal));
      const [answer, other] = await Promise.all(asked);
      this.take(answer, other ? { ...other, offset } : null);
    } catch (error) {
      if (error.name === "AbortError") return; // another move came first
      this.say(say("unreachable"));
    }
    if (!signal.aborted) this.busy(false);
  }

  take(answer, other) {
    this.view.courses = new Map(answer.points.map((course) => [course.id, course]));
    Object.assign(this.view, { alarms: answer.alarms, width: answer.width, other });
    const has = answer.points.some((course) => course.t.length);
    const told = [];
    if (!has) told.push(say("nothing"));
    if (other && !other.points.some((course) => course.t.length)) told.push(say("nothing_then"));
    if (!answer.newest) told.push(say("not_newest"));
    if (answer.more_alarms) told.push(say("more_alarms", { most: answer.alarms.length }));
    this.say(told.join(" "));
    one("[data-resolution]").textContent = answer.width
      ? say("stretches", { width: width(answer.width, say) }) : say("samples");
    this.show();
  }

  /** By how many milliseconds the stretch compared with lies before the one shown. */
  compared(span) {
    const chosen = one("[data-compare]").value;
    const date = one("[data-compare-date]");
    date.hidden = chosen !== "date";
    if (chosen === "date") return date.value ? daysBefore(span.from, date.value) * DAY : 0;
    return { hour: HOUR, span: span.to - span.from }[chosen] ?? Number(chosen) * DAY;
  }

  follow() {
    const to = Math.round(serverNow());
    this.view.span = { from: to - PRESETS[this.preset], to };
  }

  // --- what is shown -------------------------------------------------------------------

  say(text) {
    one("[data-note]").textContent = text;
  }

  busy(is) {
    one("[data-progress]").hidden = !is;
    this.canvas.setAttribute("aria-busy", String(is));
    this.canvas.dataset.ready = is ? "" : "1";
  }

  show() {
    const wanted = height(this.view);
    this.canvas.style.height = wanted ? `${wanted}px` : "";
    this.chart.resize();
    this.chart.setOption(options(this.view, { height: this.canvas.clientHeight }), { notMerge: true });
    lists.values(one("[data-chosen]"), this.view, this.cursor, say);
    lists.figures(one("[data-figures]"), this.view, say);
    const table = one("[data-moments]");
    table.hidden = !this.view.points.length;
    if (table.open) lists.moments(one("[data-moments-head]"), one("[data-moments-rows]"), this.view, say);
  }

  list() {
    lists.chosen(one("[data-chosen]"), this.view.points, say);
    one("[data-count]").textContent = String(this.view.points.length);
    one("[data-none]").hidden = this.view.points.length > 0;
    for (const box of document.querySelectorAll("[data-found] input")) box.disabled = this.view.points.length >= this.most;
  }

  remember() {
    const url = new URL(location.href);
    url.search = "";
    for (const point of this.view.points) url.searchParams.append("points", point.id);
    if (this.preset) {
      url.searchParams.set("span", this.preset);
    } else {
      url.searchParams.set("from", this.view.span.from);
      url.searchParams.set("to", this.view.span.to);
    }
    history.replaceState(null, "", url);
    one("#from").value = local(this.view.span.from);
    one("#to").value = local(this.view.span.to);
    for (const button of document.querySelectorAll("[data-preset]")) {
      button.setAttribute("aria-pressed", String(button.dataset.preset === this.preset));
    }
  }

  // --- what is done --------------------------------------------------------------------

  move(change) {
    this.preset = "";
    this.view.span = moved(this.view.span, change);
    const axis = { min: this.view.span.from + ZONE_MS, max: this.view.span.to + ZONE_MS };
    const many = this.view.layout === "stacked" ? Math.max(this.view.points.length, 1) : 1;
    this.chart.setOption({ xAxis: Array.from({ length: many }, () => axis) });
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.load(), REST_MS);
  }

  choose(layout) {
    this.view.layout = layout;
    for (const button of document.querySelectorAll("[data-layout]")) {
      button.setAttribute("aria-pressed", String(button.dataset.layout === layout));
    }
  }

  remove(id) {
    this.view.points = this.view.points.filter((point) => point.id !== id);
    this.list();
    this.load();
    htmx.trigger("#plant", "change"); // it may be found again
  }

  async add(id, box) {
    if (this.view.points.some((point) => point.id === id)) return;
    if (this.view.points.length >= this.most) {
      box.checked = false;
      notice(say("full", { most: this.most }), "warning");
      return;
    }
    const url = this.address(this.view.span, { about: 1, places: 50 });
    url.searchParams.delete("points");
    url.searchParams.set("points", id);
    try {
      const [point] = (await this.ask(url)).about;
      this.view.points = [...this.view.points, point];
      box.closest("li").remove();
      this.list();
      this.load();
    } catch {
      box.checked = false;
      this.say(say("unreachable"));
    }
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const at = (ms) => this.chart.convertToPixel({ xAxisIndex: 0 }, ms + ZONE_MS);
    const [from, to] = [at(this.view.span.from), at(this.view.span.to)];
    return Math.min(Math.max((event.clientX - box.left - from) / Math.max(to - from, 1), 0), 1);
  }

  listen() {
    listen(this.canvas, (event) => this.place(event), {
      move: (change) => this.move(change),
      now: () => this.now(),
      mark: (from, to) => this.mark(from, to),
      choose: (from, to) => this.move({ factor: Math.max(to - from, 0.001), about: from / Math.max(1 - (to - from), 0.001) }),
    });
    this.chart.on("updateAxisPointer", (event) => {
      const at = event.axesInfo?.[0]?.value;
      this.cursor = at === undefined ? null : at - ZONE_MS;
      this.tell();
    });
    this.canvas.addEventListener("mouseleave", () => {
      this.cursor = null;
      this.tell();
    });
    this.form.addEventListener("click", (event) => this.clicked(event));
    this.form.addEventListener("submit", (event) => this.submitted(event));
    this.form.addEventListener("change", (event) => this.changed(event));
    one("[data-moments]").addEventListener("toggle", () => this.show());
    addEventListener("resize", () => {
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.load(), REST_MS);
    });
    setInterval(() => this.preset && !document.hidden && this.load(), FOLLOW_MS);
  }

  tell() {
    lists.values(one("[data-chosen]"), this.view, this.cursor, say);
    const at = this.cursor;
    if (at !== null) one("[data-resolution]").textContent = moment(at, this.view.width);
    else if (this.view.points.length) {
      one("[data-resolution]").textContent = this.view.width
        ? say("stretches", { width: width(this.view.width, say) }) : say("samples");
    }
  }

  mark(from, to) {
    const { span } = this.view;
    const at = (place) => span.from + ZONE_MS + (span.to - span.from) * place;
    const first = this.view.points[0];
    if (!first) return;
    this.chart.setOption({
      series: [{ type: "line", id: `course-${first.id}`, markArea: { data: [[{ xAxis: at(from), itemStyle: { color: "#4a90d9", opacity: 0.25 } }, { xAxis: at(to) }]] } }],
    });
  }

  now() {
    const length = this.view.span.to - this.view.span.from;
    this.preset = Object.keys(PRESETS).find((name) => PRESETS[name] === length) ?? "";
    const to = Math.round(serverNow());
    this.view.span = { from: to - length, to };
    this.load();
  }

  clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { preset, layout, move, remove } = button.dataset;
    if (preset) {
      event.preventDefault();
      this.preset = preset;
      this.load();
    } else if (layout) {
      localStorage.setItem(LAYOUT, layout);
      this.choose(layout);
      this.show();
    } else if (remove) {
      this.remove(Number(remove));
    } else if (move === "now") {
      this.now();
    } else if (move) {
      this.move({ back: { by: -0.5 }, on: { by: 0.5 }, in: { factor: 0.5 }, out: { factor: 2 } }[move]);
    }
  }

  submitted(event) {
    if (event.submitter?.matches("[data-file]")) return; // a file: the browser fetches it
    event.preventDefault();
    const span = { from: fromLocal(one("#from").value), to: fromLocal(one("#to").value) };
    if (!(span.to > span.from)) {
      for (const id of ["#from", "#to"]) one(id).setAttribute("aria-invalid", "true");
      this.say(say("no_span"));
      return;
    }
    for (const id of ["#from", "#to"]) one(id).removeAttribute("aria-invalid");
    this.preset = "";
    this.view.span = span;
    this.load();
  }

  changed(event) {
    if (event.target.closest("[data-found]")) this.add(Number(event.target.value), event.target);
    else if (event.target.matches("[data-compare], [data-compare-date]")) this.load();
  }
}

const form = document.getElementById("explore");
if (form) new Explorer(form);
