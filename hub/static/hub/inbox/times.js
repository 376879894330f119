/** Times as their reader needs them: relative, in their own zone, and rows grouped by their day. */
import { element } from "../dom.js";

const language = document.documentElement.lang || [];
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const toTheSecond = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const date = new Intl.DateTimeFormat(language, { dateStyle: "full" });

const MINUTE = 60_000; // ms
const HOUR = 60 * MINUTE;

/**
 * Write each `<time>` anew: "3 minutes ago" today, the hour on other days. With `data-hub-moment` it is
 * date and time, and with the value "seconds" to the second.
 */
export function showTimes(root, now = Date.now()) {
  for (const node of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll("time[datetime]"))) {
    const at = new Date(node.dateTime);
    const age = now - at.getTime();
    const { hubMoment } = node.dataset;
    if (hubMoment === "seconds") node.textContent = toTheSecond.format(at);
    else if (hubMoment !== undefined) node.textContent = moment.format(at);
    else if (age < MINUTE) node.textContent = relative.format(0, "minute");
    else if (age < HOUR) node.textContent = relative.format(-Math.floor(age / MINUTE), "minute");
    else if (daysAgo(at, now) === 0) {
      node.textContent = relative.format(-Math.floor(age / HOUR), "hour");
    } else node.textContent = clock.format(at);
    node.title = exact.format(at);
  }
}

/** Put a heading before the first row of each day. @param {Element} list with rows as children */
export function groupByDay(list, now = Date.now()) {
  for (const heading of list.querySelectorAll(".hub-day")) heading.remove();
  let before = null;
  for (const row of list.querySelectorAll("li:not([hidden])")) {
    const at = new Date(row.querySelector("time")?.dateTime ?? NaN);
    const day = daysAgo(at, now);
    if (Number.isNaN(day) || day === before) continue;
    before = day;
    const heading = element("li", "hub-day");
    heading.append(element("h2", "", nameOf(day, at)));
    row.before(heading);
  }
}

function nameOf(day, at) {
  if (day > 1) return date.format(at);
  const name = relative.format(-day, "day");
  return name.charAt(0).toLocaleUpperCase() + name.slice(1);
}

/** Calendar days in the reader's zone. */
function daysAgo(at, now) {
  const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(now) - midnight(at)) / (24 * HOUR));
}
