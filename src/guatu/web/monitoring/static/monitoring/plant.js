// The plant's page: live values in picture, tiles and charts.

import { Values } from "./values.js";
import { Trends } from "./trends.js";
import { clock } from "../shell/shell.js";

const values = new Values(document);
const trends = Trends.on(document.getElementById("trends"));

// A picture whose data has stopped must not look alive: it is greyed, with the time it stands at.
const SILENT_MS = 10_000;
const stalled = document.querySelector("[data-stalled]");
let newest = Number(stalled?.dataset.lastAt) || 0;
let heard = Date.now();

function stand() {
  const lost = document.body.dataset.liveState === "lost" || Date.now() - heard > SILENT_MS;
  document.body.toggleAttribute("data-stands", lost);
  if (!stalled) return;
  stalled.hidden = !lost;
  if (lost) stalled.textContent = newest ? stalled.dataset.stalled.replace("%(time)s", clock(newest)) : stalled.dataset.unknown;
}
setInterval(stand, 1000);
document.body.addEventListener("guatu:live", stand);

document.body.addEventListener("guatu:values", (event) => {
  heard = Date.now();
  newest = event.detail.values.reduce((most, [, , at]) => Math.max(most, at ?? 0), newest);
  stand();
  values.show(event.detail.values);
  trends?.append(event.detail.values);
});

// A click on a value charts it, without leaving the page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-trend-of]");
  if (!link || !trends || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  trends.choose(Number(link.dataset.trendOf));
});
