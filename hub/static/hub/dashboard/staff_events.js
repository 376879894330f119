/** Lists what happens on the topics of which this page wants no toasts, newest first. */
import { element, first, linkOrText, onHub } from "../dom.js";
import { pageData } from "../page_data.js";
import { isOfThisSite } from "../toasts/toast.js";

const SHOWN = 10; // events
const TIME = new Intl.DateTimeFormat(document.documentElement.lang || [], { timeStyle: "medium" });

const list = first(document, "[data-list=staff]");
const empty = first(document, "[data-list-empty=staff]");
const { hubQuiet = "", hubRoot = "/" } = pageData();
const quiet = new Set(hubQuiet.split(" ").filter(Boolean));

onHub("event", (detail) => {
  if (!quiet.has(detail.topic) || !detail.title || detail.seenByPage) return;
  list.prepend(row(detail));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  empty.hidden = true;
});

function row({ at, url, title, body }) {
  const node = element("li");
  const time = element("time", "", TIME.format(new Date(at)));
  time.dateTime = at;
  const link = linkOrText(isOfThisSite(url) ? hubRoot.replace(/\/$/, "") + url : "", title);
  link.dir = "auto";
  node.append(time, " ", link);
  if (body) {
    const text = element("span", "hub-metrics-body", ` ${body}`);
    text.dir = "auto";
    node.append(text);
  }
  return node;
}
