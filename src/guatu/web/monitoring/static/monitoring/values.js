// Values that arrive each second, written into whatever shows them: plates, tiles, vessels.

const ALARM = {
  LL: (value, limit) => value < limit,
  L: (value, limit) => value < limit,
  H: (value, limit) => value > limit,
  HH: (value, limit) => value > limit,
};
const SHAPES = ["", "▲", "■"];
const SPARK = { width: 120, height: 28, most: 120 };

/** How grave: 0 without alarm, else the stage of the limit that the value is beyond. */
export function stageOf(value, inAlarm, limits) {
  if (!inAlarm) return 0;
  if (inAlarm === 2) return 2;
  for (const slot of ["LL", "HH"]) {
    if (slot in limits && ALARM[slot](value, limits[slot])) return 2;
  }
  return 1;
}

/** A value as the server writes it: a figure with its decimals, or the word of its state. */
export function words(element, value) {
  const states = element.words ?? {};
  const state = states[String(Math.round(value))];
  if (state) return state;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: element.decimals,
    maximumFractionDigits: element.decimals,
  });
}

function share(value, low, high) {
  return Math.min(Math.max((value - low) / (high - low), 0), 1);
}

export class Values {
  constructor(root) {
    this.root = root;
    this.shown = new Map();
    for (const node of root.querySelectorAll("[data-point]")) this.#enlist(node);
    this.fills = this.#by("data-fill");
    this.states = this.#by("data-state-of");
    this.platforms = this.#by("data-platform");
    this.pictures = this.#by("data-unit-state");
    this.phases = this.#by("data-phases");
    this.linkages = [...root.querySelectorAll("[data-linkage]")];
  }

  #enlist(node) {
    const point = Number(node.dataset.point);
    const element = {
      node,
      value: node.querySelector("[data-value]"),
      shape: node.querySelector("[data-shape]"),
      standing: node.querySelector("[data-standing]"),
      spark: node.querySelector("[data-spark]"),
      decimals: Math.min(Number(node.dataset.decimals), 6),
      limits: JSON.parse(node.dataset.limits || "{}"),
      words: JSON.parse(node.dataset.words || "{}"),
      course: [],
    };
    if (!this.shown.has(point)) this.shown.set(point, []);
    this.shown.get(point).push(element);
  }

  #by(attribute) {
    const found = new Map();
    for (const node of this.root.querySelectorAll(`[${attribute}]`)) {
      const point = Number(node.getAttribute(attribute));
      if (!found.has(point)) found.set(point, []);
      found.get(point).push(node);
    }
    return found;
  }

  /** Show rows of [point, value, at_ms, in_alarm]. */
  show(rows) {
    for (const [point, value, , inAlarm] of rows) {
      if (typeof value !== "number" || !Number.isFinite(value)) continue;
      for (const element of this.shown.get(point) ?? []) this.#write(element, value, inAlarm);
      for (const node of this.fills.get(point) ?? []) fill(node, value);
      for (const node of this.states.get(point) ?? []) node.dataset.state = String(Math.round(value));
      for (const node of this.platforms.get(point) ?? []) lower(node, value);
      for (const node of this.pictures.get(point) ?? []) node.dataset.state = String(Math.round(value));
      for (const node of this.phases.get(point) ?? []) phase(node, Math.round(value));
    }
    for (const node of this.linkages) this.#link(node);
  }

  // A linkage is as grave as the gravest of its points, which it names.
  #link(node) {
    let worst = null;
    let stage = 0;
    for (const point of node.dataset.linkage.split(" ")) {
      const element = this.shown.get(Number(point))?.[0];
      if (!element || "stale" in element.node.dataset) continue;
      const own = Number(element.node.dataset.stage);
      if (worst === null || own > stage) [worst, stage] = [element, own];
    }
    if (worst === null) return;
    const name = worst.node.querySelector(".plate-name")?.textContent ?? "";
    const said = stage ? `${name} ${node.dataset[`stage${stage}`]}` : node.dataset.normal;
    const standing = node.querySelector(".linkage-standing");
    if (node.dataset.shown === said) return;
    node.dataset.shown = said;
    node.setAttribute("class", `linkage tone-${["good", "attention", "bad"][stage]}`);
    node.querySelector(".linkage-shape").textContent = ["●", "▲", "■"][stage];
    standing.textContent = said;
  }

  #write(element, value, inAlarm) {
    const text = words(element, value);
    if (element.value && element.value.textContent !== text) element.value.textContent = text;
    element.node.removeAttribute("data-stale");
    const stage = stageOf(value, inAlarm, element.limits);
    if (String(stage) !== element.node.dataset.stage) {
      element.node.dataset.stage = String(stage);
      if (element.shape) element.shape.textContent = SHAPES[stage];
      if (element.standing) stand(element.standing, stage);
    }
    if (element.spark) draw(element, value);
  }
}

function stand(node, stage) {
  const mark = node.querySelector(".state");
  if (!mark) return;
  const word = stage ? node.dataset[`stage${stage}`] : node.dataset.normal;
  mark.className = `state state-${["good", "attention", "bad"][stage]}`;
  mark.textContent = "";
  const shape = document.createElement("span");
  shape.className = "shape";
  shape.setAttribute("aria-hidden", "true");
  shape.textContent = ["●", "▲", "■"][stage];
  mark.append(shape, word ?? "");
}

function fill(node, value) {
  const { low, high, foot, most } = node.dataset;
  const height = share(value, Number(low), Number(high)) * Number(most);
  node.setAttribute("height", height.toFixed(1));
  if (!("hangs" in node.dataset)) node.setAttribute("y", (Number(foot) - height).toFixed(1));
}

// The same travel as in picture.py: 7,000 mm are 200 units below 242.
function lower(node, value) {
  const y = (242 + 200 * share(value, 0, 7000)).toFixed(1);
  node.setAttribute("transform", `translate(0 ${y})`);
  node.closest("svg")?.querySelector("[data-ropes]")?.setAttribute("d", `M494 262V${y}M736 262V${y}`);
}

function phase(node, state) {
  for (const step of node.children) {
    if (Number(step.dataset.phase) === state) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  }
}

function draw(element, value) {
  const { course, spark } = element;
  if (!course.length && spark.getAttribute("points")) {
    // What the server drew has lost its figures; the line begins anew beside it.
    element.before = (element.before ?? 0) + 1;
    if (element.before < 20) {
      element.late = [...(element.late ?? []), value];
      return;
    }
    course.push(...element.late);
  }
  course.push(value);
  if (course.length > SPARK.most) course.shift();
  const low = Math.min(...course);
  const high = Math.max(...course);
  const across = SPARK.width / Math.max(course.length - 1, 1);
  const up = high > low ? (SPARK.height - 4) / (high - low) : 0;
  spark.setAttribute(
    "points",
    course.map((v, i) => `${(i * across).toFixed(1)},${(SPARK.height - 2 - (v - low) * up).toFixed(1)}`).join(" "),
  );
}
