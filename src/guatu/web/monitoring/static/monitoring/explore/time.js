// Times of the explorer: all are Beijing's, whatever clock the reader's machine shows.

export const ZONE_MS = 8 * 3600_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
export const SHORTEST = 2_000;
export const LONGEST = 40 * 366 * DAY;

const two = (n) => String(n).padStart(2, "0");

/** The parts of a moment as its wall clock shows them. */
function parts(ms) {
  const d = new Date(ms + ZONE_MS);
  return {
    day: `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`,
    clock: `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`,
    seconds: two(d.getUTCSeconds()),
    ms: String(d.getUTCMilliseconds()).padStart(3, "0"),
  };
}

/** A moment in words, as exactly as the width of a place (0: a sample) makes sense. */
export function moment(ms, width = 0) {
  const p = parts(ms);
  if (width >= DAY) return p.day;
  if (width >= MINUTE) return `${p.day} ${p.clock}`;
  return `${p.day} ${p.clock}:${p.seconds}${ms % 1000 ? `.${p.ms}` : ""}`;
}

/** A moment as an input of type datetime-local takes it. */
export function local(ms) {
  const p = parts(ms);
  return `${p.day}T${p.clock}:${p.seconds}`;
}

/** What such an input says, in milliseconds; NaN for nothing. */
export function fromLocal(text) {
  return text ? Date.parse(`${text.length === 16 ? `${text}:00` : text}+08:00`) : NaN;
}

/** The begin of a day in milliseconds. */
export function dayOf(text) {
  return Date.parse(`${text}T00:00:00+08:00`);
}

/** How many days lie between the day of a moment and another day. */
export function daysBefore(ms, text) {
  return Math.round((dayOf(parts(ms).day) - dayOf(text)) / DAY);
}

/** A width in the reader's words. */
export function width(ms, say) {
  if (ms % DAY === 0) return say("days", { n: ms / DAY });
  if (ms % HOUR === 0) return say("hours", { n: ms / HOUR });
  if (ms % MINUTE === 0) return say("minutes", { n: ms / MINUTE });
  return say("seconds", { n: ms / 1000 });
}

/** A span moved and stretched: factor below 1 looks closer, about a place from 0 to 1. */
export function moved(span, { factor = 1, about = 0.5, by = 0 }) {
  const length = Math.min(Math.max((span.to - span.from) * factor, SHORTEST), LONGEST);
  const fixed = span.from + (span.to - span.from) * about;
  const from = fixed - length * about + (span.to - span.from) * by;
  return { from: Math.round(from), to: Math.round(from + length) };
}
