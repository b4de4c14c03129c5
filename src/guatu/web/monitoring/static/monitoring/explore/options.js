// From courses to what ECharts draws: one layer of all points, or one below the other.

import { ZONE_MS } from "./time.js";

const COLOURS = 10;
const GAP = 12;
const MOST_RULED = 4; // curves in one plane: of more, limits stand in the list of points alone

const shift = (ms) => ms + ZONE_MS; // ECharts is told to show UTC
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export const tone = (place) => colour(`--e-${place % COLOURS}`);
export const isSecond = (place) => place >= COLOURS;

/** Pairs for ECharts, with a hole wherever nothing came for long. */
function pairs(course, width, key = "v", offset = 0) {
  const { t } = course;
  const values = course[key];
  const far = width ? width * 2.5 : 6 * typical(t);
  const found = [];
  for (let i = 0; i < t.length; i += 1) {
    if (i && t[i] - t[i - 1] > far) found.push([shift(t[i - 1] + offset) + 1, null]);
    found.push([shift(t[i] + offset + width / 2), values[i]]);
  }
  return found;
}

/** The usual distance of samples: the median of a few. */
function typical(t) {
  if (t.length < 3) return Infinity;
  const step = Math.max(1, Math.floor(t.length / 200));
  const apart = [];
  for (let i = step; i < t.length; i += step) apart.push((t[i] - t[i - step]) / step);
  apart.sort((a, b) => a - b);
  return Math.max(apart[apart.length >> 1], 1000);
}

function bands(alarms) {
  return {
    silent: true,
    data: alarms.map((alarm) => [
      {
        xAxis: shift(alarm.from),
        itemStyle: {
          color: colour(alarm.stage === 2 ? "--g-bad-fill" : "--g-attention-fill"),
          opacity: alarm.stage === 2 ? 0.26 : 0.18,
        },
      },
      { xAxis: shift(alarm.to) },
    ]),
  };
}

/** Limits as dashed lines: by how grave they are, or, where curves share a plane, as their curve. */
function rules(limits, point, { labelled, shared }) {
  return {
    silent: true,
    symbol: "none",
    data: limits.map(({ slot, word, value }) => {
      const grave = slot === "LL" || slot === "HH";
      const ink = shared ? tone(point.place) : colour(grave ? "--g-bad" : "--g-attention");
      return {
        yAxis: value,
        lineStyle: { color: ink, type: grave ? [7, 3] : [3, 3], width: 1 },
        label: {
          show: labelled,
          formatter: `${word} ${value}${point.measure ? ` ${point.measure}` : ""}`,
          // Between warning and danger lies no word: a pair close together stays readable.
          position: slot === "L" || slot === "HH" ? "insideEndTop" : "insideEndBottom",
          color: ink,
          fontSize: 11,
        },
      };
    }),
  };
}

/** The lines of one point: its course, the band of its extremes, and the other day's course. */
function lines(point, course, view, axes) {
  const { place, width } = point;
  const base = {
    type: "line", xAxisIndex: axes.x, yAxisIndex: axes.y, symbol: "none", animation: false,
    step: point.step && !width ? "end" : false, connectNulls: false,
  };
  const style = { color: tone(place), width: 1.6, type: isSecond(place) ? "dashed" : "solid" };
  const found = [{
    ...base, id: `course-${point.id}`, name: point.name, data: pairs(course, width), lineStyle: style,
    itemStyle: { color: tone(place) }, z: 3,
    markArea: bands(view.alarms.filter((alarm) => alarm.point === point.id)),
    markLine: rules(axes.ruled ? course.limits : [], point, axes),
  }];
  if (width) {
    const flat = { ...base, lineStyle: { opacity: 0 }, stack: `band-${point.id}`, stackStrategy: "all", silent: true, z: 2 };
    const spread = { ...course, spread: course.high.map((high, i) => high - course.low[i]) };
    found.push(
      { ...flat, id: `low-${point.id}`, data: pairs(course, width, "low") },
      { ...flat, id: `high-${point.id}`, data: pairs(spread, width, "spread"), areaStyle: { color: tone(place), opacity: 0.18 } },
    );
  }
  const other = view.other?.points.find((one) => one.id === point.id);
  if (other?.t.length) {
    found.push({
      ...base, id: `other-${point.id}`, name: point.name, data: pairs(other, view.other.width, "v", view.other.offset),
      lineStyle: { ...style, opacity: 0.55, type: [2, 3], width: 1.4 }, itemStyle: { color: tone(place) }, z: 2,
    });
  }
  return found;
}

function timeAxis(span, index, isLast) {
  return {
    type: "time", gridIndex: index, min: shift(span.from), max: shift(span.to),
    axisLine: { lineStyle: { color: colour("--g-line") } },
    axisTick: { show: isLast },
    axisLabel: {
      show: isLast, color: colour("--g-muted"), hideOverlap: true, fontSize: 11,
      formatter: {
        year: "{yyyy}", month: "{yyyy}-{MM}", day: "{MM}-{dd}", hour: "{HH}:{mm}",
        minute: "{HH}:{mm}", second: "{HH}:{mm}:{ss}", millisecond: "{HH}:{mm}:{ss}.{SSS}",
      },
    },
    splitLine: { show: true, lineStyle: { color: colour("--g-line-soft") } },
    axisPointer: { show: true, snap: false, label: { show: false }, lineStyle: { color: colour("--g-muted") } },
  };
}

function valueAxis(name, index, extra = {}) {
  return {
    type: "value", scale: true, gridIndex: index, name, nameGap: 8,
    nameTextStyle: { color: colour("--g-muted"), fontSize: 11, align: "left" },
    axisLabel: { color: colour("--g-muted"), fontSize: 11, hideOverlap: true },
    splitLine: { show: index === 0 || extra.own, lineStyle: { color: colour("--g-line-soft") } },
    axisPointer: { show: false },
    ...extra,
  };
}

/** Everything the chart shows. */
export function options(view, size) {
  const points = view.points.map((point, place) => ({ ...point, place, width: view.width }));
  const made = view.layout === "stacked" ? stacked(points, view, size) : overlaid(points, view);
  return {
    useUTC: true, animation: false, ...made,
    // Values are told in the list of points, so the pointer needs no tooltip.
    axisPointer: { show: true, triggerOn: "mousemove", triggerTooltip: false, link: [{ xAxisIndex: "all" }] },
  };
}

function courseOf(view, point) {
  return view.courses.get(point.id) ?? { t: [], v: [], low: [], high: [], n: [], limits: [] };
}

function overlaid(points, view) {
  const measures = [...new Set(points.map((point) => point.measure))];
  const sides = [0, 0];
  const yAxis = measures.map((measure, i) => {
    const side = i % 2;
    const offset = 54 * sides[side];
    sides[side] += 1;
    const only = points.filter((point) => point.measure === measure);
    const own = only.length === 1 ? tone(only[0].place) : colour("--g-muted");
    return valueAxis(measure, 0, {
      position: side ? "right" : "left", offset, splitLine: { show: i === 0, lineStyle: { color: colour("--g-line-soft") } },
      nameTextStyle: { color: own, fontSize: 11, align: side ? "right" : "left" },
      axisLabel: { color: own, fontSize: 11 }, axisLine: { show: true, lineStyle: { color: own } },
    });
  });
  return {
    grid: [{ left: 14 + 54 * sides[0], right: 18 + 54 * sides[1], top: 30, bottom: 30 }],
    xAxis: [timeAxis(view.span, 0, true)],
    yAxis: yAxis.length ? yAxis : [valueAxis("", 0)],
    series: points.flatMap((point) =>
      lines(point, courseOf(view, point), view, { x: 0, y: measures.indexOf(point.measure), labelled: points.length === 1, shared: points.length > 1, ruled: points.length <= MOST_RULED }),
    ),
  };
}

function stacked(points, view, size) {
  const top = 22;
  const each = Math.max((size.height - 34 - top) / Math.max(points.length, 1), 40);
  return {
    title: points.map((point, i) => ({
      text: `${point.name}${point.measure ? `  ${point.measure}` : ""}`, left: 60, top: top + i * each - 4,
      textStyle: { color: tone(point.place), fontSize: 11, fontWeight: 600 },
    })),
    grid: points.map((_, i) => ({ left: 60, right: 18, top: top + i * each + GAP, height: each - GAP - 10 })),
    xAxis: points.map((_, i) => timeAxis(view.span, i, i === points.length - 1)),
    yAxis: points.map((_, i) => valueAxis("", i, { own: true, splitNumber: each < 90 ? 2 : 4 })),
    series: points.flatMap((point, i) => lines(point, courseOf(view, point), view, { x: i, y: i, labelled: each > 110, ruled: true })),
  };
}

/** How high the chart must be. */
export function height(view) {
  if (view.layout !== "stacked") return null;
  return Math.max(view.points.length * 118 + 56, 260);
}
