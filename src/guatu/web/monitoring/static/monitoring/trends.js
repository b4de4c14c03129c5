// Charts of points: history from the server, then what arrives; limits dashed, alarms shaded.

import uPlot from "../shell/vendor/uplot-1.6.32/uPlot.esm.js";

const ROWS = 200; // in the table behind a chart
const HEIGHT = 190;
const zone = "Asia/Shanghai";
const clockFormat = new Intl.DateTimeFormat("zh-CN", {
  timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Least and greatest of the values and of the limits near them, with room around. */
export function extent(values, limits) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low === Infinity) return [0, 1];
  const span = high - low;
  for (const { value } of limits) {
    // A limit far off would press the course flat: it is drawn when the course comes near.
    const near = Math.max(span * 3, Math.abs(value) * 0.35);
    if (value < low && low - value < near) low = value;
    if (value > high && value - high < near) high = value;
  }
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [low - room, high + room];
}

class Chart {
  constructor(figure, panel) {
    this.figure = figure;
    this.panel = panel;
    this.canvas = figure.querySelector("[data-trend-canvas]");
    this.note = figure.querySelector("[data-trend-note]");
    this.select = figure.querySelector("[data-trend-select]");
    this.point = Number(figure.dataset.trend);
    this.select?.addEventListener("change", () => this.load(Number(this.select.value)));
    figure.querySelector("details")?.addEventListener("toggle", () => this.list());
  }

  async load(point = this.point) {
    this.point = point;
    if (this.select) this.select.value = String(point);
    const url = new URL(this.panel.dataset.trends, location.href);
    url.searchParams.set("point", point);
    url.searchParams.set("span", this.panel.dataset.span);
    const asked = (this.asked = url.href);
    let answer = null;
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (response.ok) answer = await response.json();
    } catch {
      answer = null; // said below
    }
    if (this.asked !== asked) return; // another point was chosen meanwhile
    if (answer === null) this.say(this.panel.dataset.unreachable);
    else this.show(answer);
  }

  say(text) {
    this.note.textContent = text;
  }

  show(trend) {
    this.trend = trend;
    this.span = (trend.end - trend.start) / 1000;
    this.data = [trend.t.map((ms) => ms / 1000), trend.v];
    this.say(trend.t.length ? this.missing() : this.panel.dataset.empty);
    this.figure.querySelector("[data-trend-measure]").textContent = trend.measure;
    this.canvas.setAttribute("aria-label", trend.name);
    this.draw();
    this.list();
    this.tell();
  }

  draw() {
    this.plot?.destroy();
    const trend = this.trend;
    const axis = { stroke: colour("--g-muted"), grid: { stroke: colour("--g-line-soft"), width: 1 }, ticks: { show: false }, font: "11px sans-serif" };
    this.plot = new uPlot(
      {
        width: this.canvas.clientWidth || 400,
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: {
          x: { range: () => this.window() },
          y: { range: () => extent(this.data[1], trend.limits) },
        },
        axes: [
          { ...axis, size: 26, values: (_u, ticks) => ticks.map((t) => clockFormat.format(new Date(t * 1000)).slice(0, this.span > 1800 ? 5 : 8)), space: 70 },
          { ...axis, size: 48, values: (_u, ticks) => ticks.map((v) => v.toLocaleString("en-US", { maximumFractionDigits: Math.max(trend.decimals, 1) })) },
        ],
        series: [
          {},
          { stroke: colour("--g-link"), width: 1.6, points: { show: false }, spanGaps: false },
        ],
        hooks: {
          drawClear: [(u) => this.shade(u)],
          draw: [(u) => this.rule(u)],
          setCursor: [(u) => this.tell(u.cursor.idx)],
        },
      },
      this.data,
      this.canvas,
    );
  }

  window() {
    const last = this.data[0].at(-1) ?? 0;
    const end = Math.max(this.trend.end / 1000, last);
    return [end - this.span, end];
  }

  // Alarms as shaded spans behind the course.
  shade(u) {
    const { ctx, bbox } = u;
    ctx.save();
    for (const alarm of this.trend.alarms) {
      const from = Math.max(u.valToPos(alarm.from / 1000, "x", true), bbox.left);
      const to = Math.min(u.valToPos(alarm.to / 1000, "x", true), bbox.left + bbox.width);
      if (to < from) continue;
      ctx.globalAlpha = alarm.stage === 2 ? 0.28 : 0.2;
      ctx.fillStyle = colour(alarm.stage === 2 ? "--g-bad-fill" : "--g-attention-fill");
      ctx.fillRect(from, bbox.top, Math.max(to - from, 2), bbox.height);
    }
    ctx.restore();
  }

  // Limits as dashed lines over the time they held, each with its word on a ground of its own.
  rule(u) {
    const { ctx, bbox } = u;
    const [low, high] = [u.scales.y.min, u.scales.y.max];
    const size = 11 * devicePixelRatio;
    const taken = []; // boxes of words: a word that would cover another moves to its right
    ctx.save();
    ctx.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    const right = bbox.left + bbox.width;
    for (const { slot, word, value, from, to } of this.trend.limits) {
      if (value < low || value > high) continue;
      const grave = slot === "LL" || slot === "HH";
      const y = Math.round(u.valToPos(value, "y", true)) + 0.5;
      ctx.strokeStyle = ctx.fillStyle = colour(grave ? "--g-bad" : "--g-attention");
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash(grave ? [7 * devicePixelRatio, 3 * devicePixelRatio] : [3 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      const begin = Math.max(u.valToPos(from / 1000, "x", true), bbox.left);
      const end = to === null ? right : Math.min(u.valToPos(to / 1000, "x", true), right);
      if (end <= begin) continue;
      ctx.moveTo(begin, y);
      ctx.lineTo(end, y);
      ctx.stroke();
      this.label(ctx, `${word} ${value}`, begin, y, { size, taken, left: bbox.left, right });
    }
    ctx.restore();
  }

  // A word that interrupts its own line and leaves the others' words readable: from the line's begin
  // to the right, or, where the line is too short for it, to the left of its begin.
  label(ctx, text, begin, y, { size, taken, left, right }) {
    const width = ctx.measureText(text).width + size * 0.6;
    const gap = size * 0.4;
    const near = taken.filter((box) => Math.abs(box.y - y) < size * 1.2).sort((a, b) => a.x - b.x);
    const covers = (box) => x < box.x + box.width && box.x < x + width;
    let x = begin + gap;
    for (const box of near) if (covers(box)) x = box.x + box.width + gap;
    if (x + width > right) {
      x = begin - gap - width;
      for (const box of near.reverse()) if (covers(box)) x = box.x - gap - width;
      x = Math.max(x, left);
    }
    taken.push({ x, y, width });
    const ink = ctx.fillStyle;
    ctx.fillStyle = colour("--g-card");
    ctx.fillRect(x, y - size * 0.65, width, size * 1.3);
    ctx.fillStyle = ink;
    ctx.fillText(text, x + size * 0.3, y);
  }

  // What the chart cannot show of its limits, in words.
  missing() {
    const { limits } = this.trend;
    if (!limits.length) return this.panel.dataset.nolimits;
    const [low, high] = extent(this.data[1], limits);
    const far = limits.filter(({ value, to }) => to === null && (value < low || value > high));
    return far.length ? `${this.panel.dataset.beyond} ${far.map(({ word, value }) => `${word} ${value}`).join(" · ")}` : "";
  }

  append(value, atMs) {
    if (!this.data) return;
    const [times, values] = this.data;
    const at = atMs / 1000;
    if (times.length && at <= times.at(-1)) return;
    times.push(at);
    values.push(value);
    const begin = at - this.span;
    let old = 0;
    while (old < times.length && times[old] < begin) old += 1;
    if (old > 60) {
      times.splice(0, old);
      values.splice(0, old);
    }
    if (times.length === 1) this.say("");
    this.plot.setData(this.data);
    if (this.plot.cursor.idx === null || this.plot.cursor.idx === undefined) this.tell();
  }

  // The figure beside the title: under the cursor, else the last.
  tell(index = null) {
    const [times, values] = this.data ?? [[], []];
    const at = index ?? values.length - 1;
    const element = this.figure.querySelector("[data-trend-value]");
    const value = values[at];
    if (value === undefined || value === null) {
      element.textContent = "";
      return;
    }
    const figure = value.toLocaleString("en-US", { minimumFractionDigits: this.trend.decimals, maximumFractionDigits: this.trend.decimals });
    element.textContent = index === null ? figure : `${clockFormat.format(new Date(times[at] * 1000))}  ${figure}`;
  }

  list() {
    const details = this.figure.querySelector("details");
    const body = this.figure.querySelector("[data-trend-rows]");
    if (!details?.open || !this.data) return;
    const [times, values] = this.data;
    const step = Math.max(1, Math.ceil(times.length / ROWS));
    const rows = [];
    for (let i = times.length - 1; i >= 0; i -= step) {
      const row = document.createElement("tr");
      for (const [text, css] of [[clockFormat.format(new Date(times[i] * 1000)), ""], [values[i]?.toFixed(this.trend.decimals) ?? "–", "num"]]) {
        const cell = document.createElement("td");
        cell.textContent = text;
        cell.className = css;
        row.append(cell);
      }
      rows.push(row);
    }
    body.replaceChildren(...rows);
  }

  resize() {
    this.plot?.setSize({ width: this.canvas.clientWidth, height: HEIGHT });
  }
}

export class Trends {
  static on(panel) {
    return panel ? new Trends(panel) : null;
  }

  constructor(panel) {
    this.panel = panel;
    this.charts = [...panel.querySelectorAll("[data-trend]")].map((figure) => new Chart(figure, panel));
    for (const chart of this.charts) chart.load();
    panel.addEventListener("click", (event) => {
      const link = event.target.closest("[data-choose-span]");
      if (!link) return;
      event.preventDefault();
      this.span(link);
    });
    let resizing = null;
    addEventListener("resize", () => {
      clearTimeout(resizing);
      resizing = setTimeout(() => this.charts.forEach((chart) => chart.resize()), 150);
    });
    // An alarm began or ended: its span and the limits are asked again.
    let waiting = null;
    document.body.addEventListener("guatu:changed", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.charts.forEach((chart) => chart.load()), 2500);
    });
  }

  span(link) {
    for (const other of this.panel.querySelectorAll("[data-choose-span]")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    this.panel.dataset.span = link.dataset.chooseSpan;
    for (const chart of this.charts) chart.load();
  }

  /** Chart a point in the first chart, and go there. */
  choose(point) {
    const already = this.charts.find((chart) => chart.point === point);
    const chart = already ?? this.charts[0];
    if (!already) chart?.load(point);
    chart?.figure.scrollIntoView({ block: "nearest", behavior: "smooth" });
    chart?.select?.focus({ preventScroll: true });
  }

  append(rows) {
    const values = new Map(rows.map(([point, value, at]) => [point, [value, at]]));
    for (const chart of this.charts) {
      const row = values.get(chart.point);
      if (row && typeof row[0] === "number") chart.append(row[0], row[1]);
    }
  }
}
