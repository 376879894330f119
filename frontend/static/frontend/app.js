/** Starts the hub on a page and connects it with what the page shows. */
import { HubClient } from "../hub/client.js";
import { ConnectionLine } from "./connection_line.js";
import { Digest } from "./missed_summary.js";
import { LiveFigures } from "./live_figures.js";
import { quietFor } from "./toast_filter.js";
import { Toasts } from "./toasts.js";

const SILENT = ["subscription.changed", "inbox.changed"]; // for scripts, not for people

const {
  hubPage,
  hubPerson = "",
  hubTopics = "",
  hubQuiet,
  hubInbox = "/orders/",
} = document.documentElement.dataset;
const topics = hubTopics.split(" ").filter(Boolean);

const url = new URL("/ws/", location.href);
url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const client = new HubClient({
  url: url.href,
  page: hubPage,
  person: hubPerson,
  topics,
  storage: storageOf("localStorage"),
  tabStorage: storageOf("sessionStorage"),
});
const isQuiet = quietFor(hubQuiet);
const line = new ConnectionLine(document.querySelector("#connection"));
const figures = new LiveFigures(topics);
const toasts = new Toasts(document.querySelector("#toasts"), {
  storage: storageOf("sessionStorage"),
  person: hubPerson,
  inbox: hubInbox,
});
const digest = new Digest((frame) => toasts.show(frame), hubInbox);

// One listener a concern: what fails in one does not keep the others from hearing.
client.addEventListener("event", ({ detail }) => {
  const told = detail.own && !detail.handled && detail.title && !SILENT.includes(detail.type);
  if (told && !isQuiet(detail) && !digest.takes(detail)) toasts.show(detail);
});
client.addEventListener("event", ({ detail }) => figures.apply(detail));
client.addEventListener("welcome", ({ detail }) => {
  digest.restart();
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
  toasts.clear();
  figures.end();
  if (detail.reason === "deleted") client.forget();
});

// Other scripts of a page listen to the document, and need not know this module.
for (const type of ["event", "welcome", "state"]) {
  client.addEventListener(type, ({ detail }) => {
    document.dispatchEvent(new CustomEvent(`hub:${type}`, { detail }));
  });
}
client.start();

/** The storage, or null where the person has switched it off. */
function storageOf(name) {
  try {
    return window[name];
  } catch {
    return null;
  }
}
