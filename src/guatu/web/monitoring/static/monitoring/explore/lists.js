// Beside and below the chart: chosen points with their values, and the tables of figures.

import { moment } from "./time.js";
import { isSecond } from "./options.js";

const ROWS = 200;
const SVG = "http://www.w3.org/2000/svg";

function make(name, css = "", text = "") {
  const element = document.createElement(name);
  if (css) element.className = css;
  if (text !== "") element.textContent = text;
  return element;
}

/** A value as its point says it: a state in words, a figure with its decimals. */
export function figure(point, value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const word = point.words?.[String(Math.round(value))];
  if (word && Number.isInteger(value)) return word;
  return value.toLocaleString("en-US", { minimumFractionDigits: point.decimals, maximumFractionDigits: point.decimals });
}

function swatch(place) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 10");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of [["x1", 0], ["x2", 20], ["y1", 5], ["y2", 5]]) line.setAttribute(name, value);
  line.setAttribute("class", `curve-${place % 10}${isSecond(place) ? " curve-second" : ""}`);
  svg.append(line);
  return svg;
}

/** The list of chosen points; each can be taken out. */
export function chosen(list, points, say) {
  list.replaceChildren(...points.map((point, place) => {
    const item = make("li", "curve");
    item.dataset.point = point.id;
    const input = make("input");
    Object.assign(input, { type: "hidden", name: "points", value: String(point.id) });
    const name = make("span", "curve-name");
    const whose = `${point.plant} · ${point.unit}`;
    name.append(make("b", "", point.name), make("small", "muted", whose));
    name.title = `${point.name} ${point.code} · ${whose}`;
    const value = make("span", "curve-value");
    value.append(make("b"), document.createTextNode(" "), make("span", "unit", point.measure));
    const remove = make("button", "curve-remove", "×");
    remove.type = "button";
    remove.dataset.remove = point.id;
    remove.setAttribute("aria-label", say("remove", { name: point.name }));
    item.append(input, swatch(place), name, value, remove, make("small", "muted"));
    return item;
  }));
}

/** The index of the last time not after a moment, or -1. */
export function indexAt(times, ms) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Values at a moment, or the last ones where there is none. */
export function values(list, view, at, say) {
  for (const point of view.points) {
    const item = list.querySelector(`[data-point="${point.id}"]`);
    const course = view.courses.get(point.id);
    if (!item || !course) continue;
    const i = at === null ? course.t.length - 1 : indexAt(course.t, at);
    const [now, under] = [item.querySelector(".curve-value b"), item.querySelector(":scope > small")];
    now.textContent = i < 0 ? "–" : figure(point, course.v[i]);
    const told = [];
    if (i >= 0 && view.width) told.push(`${figure(point, course.low[i])} ~ ${figure(point, course.high[i])}`);
    if (at === null) told.push(...course.limits.map(({ word, value: limit }) => `${word} ${limit}`));
    const other = view.other?.points.find((one) => one.id === point.id);
    if (other && at !== null) {
      const j = indexAt(other.t, at - view.other.offset);
      told.push(`${say("before")} ${j < 0 ? "–" : figure(point, other.v[j])}`);
    }
    under.textContent = told.join(" · ");
  }
}

function row(cells) {
  const line = make("tr");
  cells.forEach(([text, css]) => line.append(make("td", css, text)));
  return line;
}

/** Least, mean, greatest and last of each point over the span. */
export function figures(body, view, say) {
  const lines = view.points.map((point) => {
    const course = view.courses.get(point.id);
    const has = course?.t.length;
    const n = view.width && has ? course.n : course?.v.map(() => 1) ?? [];
    const total = n.reduce((a, b) => a + b, 0);
    const isState = Object.keys(point.words ?? {}).length > 0; // states have no mean, nor a least
    const mean = has ? course.v.reduce((sum, v, i) => sum + v * n[i], 0) / total : null;
    const low = has ? (view.width ? course.low : course.v).reduce((a, b) => Math.min(a, b)) : null;
    const high = has ? (view.width ? course.high : course.v).reduce((a, b) => Math.max(a, b)) : null;
    return row([
      [`${point.name} ${point.measure}`.trim(), ""], [`${point.plant} · ${point.unit}`, ""],
      ...[...(isState ? [null, null, null] : [low, mean, high]), has ? course.v.at(-1) : null].map((v) => [figure(point, v), "num"]),
      [total.toLocaleString("en-US"), "num"],
    ]);
  });
  if (!lines.length) {
    const empty = make("tr", "empty");
    const cell = make("td", "", say("no_points"));
    cell.colSpan = 7;
    empty.append(cell);
    lines.push(empty);
  }
  body.replaceChildren(...lines);
}

/** Values moment by moment, the newest first. */
export function moments(head, body, view, say) {
  const top = make("tr");
  top.append(make("th", "", say("time")), ...view.points.map((point) => make("th", "num", `${point.name} ${point.measure}`.trim())));
  for (const cell of top.children) cell.scope = "col";
  head.replaceChildren(top);
  const times = [...new Set(view.points.flatMap((point) => view.courses.get(point.id)?.t ?? []))].sort((a, b) => b - a);
  const step = Math.max(1, Math.ceil(times.length / ROWS));
  const lines = [];
  for (let i = 0; i < times.length; i += step) {
    lines.push(row([
      [moment(times[i], view.width), "nowrap"],
      ...view.points.map((point) => {
        const course = view.courses.get(point.id);
        const at = course ? indexAt(course.t, times[i]) : -1;
        return [at < 0 ? "–" : figure(point, course.v[at]), "num"];
      }),
    ]));
  }
  body.replaceChildren(...lines);
}
