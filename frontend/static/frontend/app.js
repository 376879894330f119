/** Starts the hub's client on a page and connects it with what the page shows. */
import { HubClient } from "../hub/client.js";
import { ConnectionLine } from "./connection_line.js";
import { LiveFigures } from "./live_figures.js";
import { MissedSummary } from "./missed_summary.js";
import { toastFilter } from "./toast_filter.js";
import { SeenReporter } from "./seen.js";
import { Toasts } from "./toasts.js";

const {
  hubPage,
  hubPerson = "",
  hubTopics = "",
  hubFilter,
  hubInbox = "",
  hubRoot = "/",
} = document.documentElement.dataset;
const topics = hubTopics.split(" ").filter(Boolean);

const url = new URL(`${hubRoot}ws/`, location.href);
url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const client = new HubClient({
  url: url.href,
  page: hubPage,
  person: hubPerson,
  topics,
  storage: storageOf("localStorage"),
  tabStorage: storageOf("sessionStorage"),
});
const isFilteredOut = toastFilter(hubFilter);
const line = new ConnectionLine(document.querySelector("#connection"), hubRoot);
const figures = new LiveFigures(topics);
const reporter = new SeenReporter();
const toasts = new Toasts(document.querySelector("#toasts"), {
  storage: storageOf("sessionStorage"),
  user: hubPerson,
  inbox: hubInbox,
  seen: ({ id }) => id !== undefined && reporter.add(id),
});
window.addEventListener("pagehide", () => reporter.flush());
const summary = new MissedSummary((frame) => toasts.show(frame), hubInbox);

// One listener per concern: an error in one does not keep the event from the others.
client.addEventListener("event", ({ detail }) => {
  const isToast = detail.own && !detail.handled && detail.title; // without a title: for scripts
  if (isToast && !isFilteredOut(detail) && !summary.add(detail)) toasts.show(belowRoot(detail));
});
client.addEventListener("event", ({ detail }) => figures.apply(detail));
client.addEventListener("welcome", ({ detail }) => {
  summary.restart();
  if (detail.again) figures.refresh();
});
client.addEventListener("missed", ({ detail }) => {
  figures.refresh();
  if (hubPerson === "" || detail.reason === "topic") return;
  toasts.show({
    type: "hub.missed",
    key: "hub.missed",
    severity: "warning",
    title: "You may have missed something",
    body: "This browser was away for too long to catch up. Everything is in the list.",
    url: hubInbox,
  });
});
client.addEventListener("state", ({ detail }) => {
  if (!line.show(detail)) return;
  reporter.stop();
  toasts.clear();
  figures.end();
  if (detail.reason === "deleted") client.forget();
});

// A page's other scripts listen to the document and need not know this module.
for (const type of ["event", "welcome", "state"]) {
  client.addEventListener(type, ({ detail }) => {
    document.dispatchEvent(new CustomEvent(`hub:${type}`, { detail }));
  });
}
client.start();

/** The event with paths as the browser needs them: the server's are relative to the site's root. */
function belowRoot(frame) {
  const prefix = hubRoot.replace(/\/$/, "");
  const absolute = (path) => (path ? prefix + path : path);
  return {
    ...frame,
    url: absolute(frame.url),
    image: absolute(frame.image),
    actions: frame.actions?.map((action) => ({ ...action, url: absolute(action.url) })),
  };
}

/** The storage, or null where the browser refuses it. */
function storageOf(name) {
  try {
    return window[name];
  } catch {
    return null;
  }
}
