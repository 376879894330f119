/**
 * Shows what the hub brings to a page: toasts, the bell, the line about the connection.
 *
 * A page's other scripts need not know this module. They listen to the document for `hub:event`,
 * `hub:welcome`, `hub:missed` and `hub:state`; `detail` is described in hub.js. An event of
 * `hub:state` whose `detail.signedOut` is true says that the page no longer belongs to its user.
 */
import { ConnectionLine } from "./connection_line.js";
import { element } from "./dom.js";
import { connect, storageOf } from "./hub.js";
import { Bell } from "./inbox/bell.js";
import { post, SeenReporter } from "./inbox/seen.js";
import { pageData } from "./page_data.js";
import { text } from "./texts.js";
import { eventFilter } from "./toasts/event_filter.js";
import { Toasts } from "./toasts/toasts.js";

const { hubPerson = "", hubInbox = "", hubInboxFilter, hubRoot = "/", hubLogin = "" } = pageData();

const hub = connect();
const line = new ConnectionLine(append("div", "hub-connection"), {
  root: hubRoot,
  login: hubLogin,
  retry: () => hub.retry(),
});
const bell = new Bell(document.querySelector("[data-hub-bell]"));
bell.onPress(async (link) => {
  const { togglePanel } = await import("./inbox/panel.js");
  await togglePanel(link);
});
const reporter = new SeenReporter();
const toasts = new Toasts(append("section", "hub-toasts"), {
  storage: storageOf("sessionStorage"),
  user: hubPerson,
  inbox: hubInbox,
  seen: (position) => reporter.add(position),
  tell: (told) => hub.toast(told),
  post: (url) => post(url),
});
let isNotInInbox = eventFilter(hubInboxFilter);

hub.stored = () => toasts.stored;
hub.capacity = toasts.capacity;
addEventListener("resize", () => {
  hub.capacity = toasts.capacity;
});
addEventListener("pagehide", () => reporter.flush());

hub.on("board", (board) => toasts.show(board));
hub.on("event", (event) => {
  const counts = event.own && event.title && event.id !== undefined && !event.seenByPage;
  if (!counts || isNotInInbox(event)) return;
  bell.add();
  // The page may have counted it already: its number is newer than its position.
  if (event.replayed || event.handled) hub.inbox.refresh();
});
hub.on("inbox", ({ unseen, filters }) => {
  isNotInInbox = eventFilter(filters.inbox);
  bell.show(unseen);
});
hub.on("state", (state) => {
  const signedOut = line.show(state);
  if (signedOut) {
    reporter.stop();
    toasts.clear();
    bell.end();
  }
  tell("state", { ...state, signedOut });
});
for (const type of ["event", "welcome", "missed"]) hub.on(type, (detail) => tell(type, detail));

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
