/** Draws the request metrics that arrive over the socket, at most once per frame. */
import { Chart } from "./chart.js";
import { withHistory } from "./history.js";
import { Routes } from "./routes.js";
import { PERCENTILE_SPAN, Samples } from "./samples.js";
import { Slowest } from "./slowest.js";
import { Sorting } from "./sorting.js";
import { Windows } from "./windows.js";
import { element, linkOrText } from "../dom.js";
import { text } from "../texts.js";

const STALE = 4_000; // ms without a sample after which the figures count as old
const REDUCED_MOTION_INTERVAL = 5_000; // ms between two drawings of the charts
const DESCRIPTION_INTERVAL = 10_000; // ms between two changes of the charts' descriptions
const ROUTES = 30; // shown

const samples = new Samples();
const routes = new Routes();
const slowest = new Slowest();
const page = document.querySelector(".hub-metrics");
const state = page.querySelector("[data-metrics=state]");
const routesHead = page.querySelector("[data-table=routes]").closest("table").tHead;
const sorting = new Sorting(routesHead, plan);
const windows = new Windows(page.dataset.history, plan);
const pause = page.querySelector("[data-pause]");
const twin = page.querySelector(".hub-metrics-twin");
const note = page.querySelector("[data-window-note]");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let isPlanned = false;
let drawn = 0;
let described = 0;
let isPaused = false;
let shown = null; // the columns that the charts show

const charts = {
  rate: chart("rate", perSecond, 5, [
    { token: "--hub-accent", area: "--hub-area" },
    { token: "--hub-critical" },
  ]),
  p95: chart("p95", duration, 10, [{ token: "--hub-info", area: "--hub-info-area" }]),
};

const receive = withHistory(page.dataset.history, (data, at) => {
  for (const one of [samples, routes, slowest]) one.add(data, at);
  plan();
});
document.addEventListener("hub:event", ({ detail }) => {
  if (detail.type === "metrics.sample") receive(detail);
});
for (const choice of page.querySelectorAll("[name=window]")) {
  choice.addEventListener("change", () => {
    windows.choose(choice.value);
    redraw();
  });
}
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  redraw();
});
twin.addEventListener("toggle", () => shown && twin.open && drawTwin(shown));
// Draws without samples as well, to show that they are missing.
setInterval(plan, 1_000);
plan();

/** Also while the charts stand still: another window was chosen, or they go on. */
function redraw() {
  drawn = described = 0;
  plan();
}

function plan() {
  if (isPlanned) return;
  isPlanned = true;
  requestAnimationFrame(() => {
    isPlanned = false;
    draw(Date.now());
  });
}

function draw(now) {
  const age = samples.age(now);
  const name = age === null ? "waiting" : age > STALE ? "stale" : "live";
  page.dataset.state = name;
  write(state, text(STATES[name]));
  if (age === null) return;
  const figures = samples.figures(now);
  const old = name === "stale";
  write(figure("rate"), old ? "–" : perSecond(figures.rate));
  write(figure("in-flight"), old ? "–" : String(figures.inFlight));
  write(figure("errors"), old ? "–" : perSecond(figures.errors));
  for (const name of ["p50", "p95", "p99"]) {
    write(figure(name), old ? "–" : duration(figures[name]));
  }
  for (const [status, rate] of figures.statuses) {
    const node = page.querySelector(`[data-status="${status}"]`);
    write(node, old ? "–" : perSecond(rate));
    node.dataset.some = String(rate > 0 && !old);
  }
  table("processes", samples.processes(now), ({ name, rate, inFlight, errors, p95, isLive }) => [
    isLive ? name : text("{name} (silent)", { name }),
    perSecond(rate),
    String(inFlight),
    perSecond(errors),
    duration(p95),
  ]);
  table("routes", sorting.sort(routes.rows(now)).slice(0, ROUTES), (row) => [
    row.route,
    String(row.count),
    String(row.errors),
    duration(row.mean),
    duration(row.p95),
    duration(row.total),
  ]);
  table("slowest", slowest.rows(now), (row) => [
    `${row.method} ${row.route}`,
    duration(row.milliseconds),
    String(row.status),
    row.user || "–",
    new Date(row.at * 1000).toLocaleTimeString(),
    { text: row.id, url: page.dataset.trace && `${page.dataset.trace}?q=${row.id}` },
  ]);
  drawCharts(now);
}

function drawCharts(now) {
  if (drawn && (isPaused || (calm.matches && now - drawn < REDUCED_MOTION_INTERVAL))) return;
  const columns = windows.chosen ? windows.columns(now) : samples.columns(now);
  write(note, windows.failed ? text("The past could not be fetched. Trying again.") : "");
  if (!columns) return;
  drawn = now;
  shown = columns;
  charts.rate.draw(columns.seconds, [columns.rate, columns.errors]);
  charts.p95.draw(columns.seconds, [columns.p95]);
  if (now - described >= DESCRIPTION_INTERVAL) {
    described = now;
    describe("rate", text("Requests per second"), columns.rate, perSecond);
    const latency = text("95th percentile of the latency over {seconds} seconds", {
      seconds: columns.step === 1 ? PERCENTILE_SPAN : columns.step,
    });
    describe("p95", latency, columns.p95, duration);
    if (twin.open) drawTwin(columns);
  }
}

/** The newest first, without what is not known. */
function drawTwin({ step, seconds, rate, errors, p95 }) {
  const time = step < 60 ? { timeStyle: "medium" } : { dateStyle: "short", timeStyle: "short" };
  const known = seconds.map((_second, number) => number).filter((number) => rate[number] !== null);
  table("twin", known.reverse(), (number) => [
    new Date(seconds[number] * 1000).toLocaleString([], time),
    perSecond(rate[number]),
    perSecond(errors[number]),
    duration(p95[number]),
  ]);
}

// Screen readers announce each change, so these hold no figure that changes every second.
const STATES = {
  waiting: "Waiting for the first sample…",
  stale: "No samples are coming in. The charts show the past.",
  live: "Live, one sample a second from each process.",
};

function chart(name, format, least, lines) {
  const readout = page.querySelector(`[data-readout=${name}]`);
  const pointed = (second, values) => {
    const time = second === null ? [] : [new Date(second * 1000).toLocaleTimeString()];
    write(readout, [...time, ...values.map(format)].join(" · "));
  };
  return new Chart(page.querySelector(`[data-chart=${name}]`), { lines, least, format, pointed });
}

/** Describe a chart in words. */
function describe(name, what, column, format) {
  const known = column.filter((value) => value !== null);
  if (known.length === 0) return;
  const [now, most] = [known.at(-1), Math.max(...known)].map(format);
  const words = text("{what} in the time shown: now {now}, at most {most}", {
    what,
    now,
    most,
  });
  page.querySelector(`[data-chart=${name}]`).setAttribute("aria-label", words);
}

function table(name, rows, cellsOf) {
  const body = page.querySelector(`[data-table=${name}]`);
  const empty = page.querySelector(`[data-table-empty=${name}]`);
  if (empty) {
    empty.hidden = rows.length > 0;
    body.closest(".hub-metrics-scroll").hidden = rows.length === 0;
  }
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((row, number) => {
    const cells = cellsOf(row);
    const line = body.rows[number] ?? emptyRow(body, cells.length);
    line.dataset.silent = String(row.isLive === false);
    line.dataset.bad = String(row.errors > 0 || row.status >= 500);
    cells.forEach((content, column) => fill(line.cells[column], content));
  });
}

function emptyRow(body, columns) {
  const line = body.insertRow();
  const head = element("th");
  head.scope = "row";
  line.append(head);
  for (let column = 1; column < columns; column += 1) line.insertCell();
  return line;
}

function figure(name) {
  return page.querySelector(`[data-figure=${name}]`);
}

function write(node, content) {
  if (node.textContent !== content) node.textContent = content;
}

/** A cell's content is a text, or one that is a link where it has a URL. */
function fill(cell, content) {
  if (typeof content === "string") write(cell, content);
  else if (cell.textContent !== content.text) {
    cell.replaceChildren(linkOrText(content.url, content.text));
  }
}

function perSecond(rate) {
  if (rate === null) return "–";
  const rounded = Math.round(rate * 10) / 10;
  return rounded < 10 && rounded % 1 !== 0 ? rounded.toFixed(1) : rounded.toFixed(0);
}

function duration(ms) {
  if (ms === null) return "–";
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 && ms % 1 !== 0 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`;
}
