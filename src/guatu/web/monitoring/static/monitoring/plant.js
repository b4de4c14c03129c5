// The plant's page: live values in picture, tiles and charts.

import { Values } from "./values.js";
import { Trends } from "./trends.js";

const values = new Values(document);
const trends = Trends.on(document.getElementById("trends"));

document.body.addEventListener("guatu:values", (event) => {
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
