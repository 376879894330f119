/**
 * Starts the hub's client on a page, and shows what it brings: toasts, the bell, the line about the
 * connection.
 *
 * A page's other scripts need not know this module. They listen to the document for `hub:event`,
 * `hub:welcome`, `hub:missed` and `hub:state`; `detail` is described in client.js. An event of
 * `hub:state` whose `detail.signedOut` is true says that the page no longer belongs to its user.
 */
import { HubClient } from "./client.js";
import { ConnectionLine } from "./connection_line.js";
import { element } from "./dom.js";
import { Bell } from "./inbox/bell.js";
import { SeenReporter } from "./inbox/seen.js";
import { pageData } from "./page_data.js";
import { text } from "./texts.js";
import { MissedSummary } from "./toasts/missed_summary.js";
import { eventFilter } from "./toasts/event_filter.js";
import { Toasts } from "./toasts/toasts.js";

const {
  hubPage,
  hubPerson = "",
  hubTopics = "",
  hubFilter,
  hubInboxFilter,
  hubInbox = "",
  hubRoot = "/",
  hubSocket = `${hubRoot}ws/`,
} = pageData();

const url = new URL(hubSocket, location.href);
url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const client = new HubClient({
  url: url.href,
  page: hubPage,
  person: hubPerson,
  topics: hubTopics.split(" ").filter(Boolean),
  storage: storageOf("localStorage"),
  tabStorage: storageOf("sessionStorage"),
});
const makesNoToast = eventFilter(hubFilter);
const isNotInInbox = eventFilter(hubInboxFilter);
const line = new ConnectionLine(append("p", "hub-connection"), hubRoot);
const bell = new Bell(document.querySelector("[data-hub-bell]"));
const reporter = new SeenReporter();
const toasts = new Toasts(append("div", "hub-toasts"), {
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
  if (isToast && !makesNoToast(detail) && !summary.add(detail)) toasts.show(belowRoot(detail));
});
client.addEventListener("event", ({ detail }) => {
  if (detail.type === "inbox.changed" && !detail.seenByPage) bell.refresh();
  const counts = detail.own && detail.title && detail.id !== undefined && !detail.seenByPage;
  if (counts && !isNotInInbox(detail)) bell.add();
});
client.addEventListener("welcome", () => summary.restart());
client.addEventListener("missed", ({ detail }) => {
  if (hubPerson === "" || detail.reason === "topic") return;
  bell.refresh();
  toasts.show({
    type: "hub.missed",
    key: "hub.missed",
    severity: "warning",
    title: text("You may have missed something"),
    body: text("This browser was away for too long to catch up. Everything is in the list."),
    url: hubInbox,
  });
});
client.addEventListener("state", ({ detail }) => {
  const signedOut = line.show(detail);
  if (signedOut) {
    reporter.stop();
    toasts.clear();
    if (detail.reason === "deleted") client.forget();
  }
  tell("state", { ...detail, signedOut });
});
for (const type of ["event", "welcome", "missed"]) {
  client.addEventListener(type, ({ detail }) => tell(type, detail));
}
client.start();

function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(`hub:${type}`, { detail }));
}

/** An element of the hub's own at the end of the page. */
function append(name, id) {
  const node = element(name);
  node.id = id;
  document.body.append(node);
  return node;
}

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
