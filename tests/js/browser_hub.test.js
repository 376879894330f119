import assert from "node:assert/strict";
import { test } from "node:test";

import { Browser } from "./browser.js";

test("ten tabs have one socket, and each is told of each event", () => {
  const browser = new Browser();
  const tabs = Array.from({ length: 10 }, () => browser.open());
  browser.welcome().event(101);
  assert.equal(browser.sockets.length, 1);
  for (const tab of tabs) assert.deepEqual(tab.ids, [101]);
});

test("a toast is in the tab that was opened or had the focus last", () => {
  const browser = new Browser();
  const first = browser.open();
  const second = browser.open();
  browser.welcome().event(101);
  assert.deepEqual([first.toasts, second.toasts], [[], ["No. 101"]]);
  second.look(true, false);
  first.look(true, false).look(true, true);
  assert.deepEqual([first.toasts, second.toasts], [["No. 101"], []]);
});

test("a toast that has gone in one tab is gone for all, and what waits follows", () => {
  const browser = new Browser();
  const [, other] = [browser.open(), browser.open()];
  browser.welcome();
  for (let id = 101; id <= 105; id += 1) browser.event(id, { type: `t${id}` });
  assert.deepEqual(other.toasts, ["No. 101", "No. 102", "No. 103", "No. 104"]);
  other.say("toast", { did: "gone", uid: other.uid });
  assert.deepEqual(other.toasts, ["No. 102", "No. 103", "No. 104", "No. 105"]);
});

test("a toast moves to the tab that is shown, and is announced once", () => {
  const browser = new Browser();
  const first = browser.open();
  const second = browser.open();
  browser.welcome().event(101);
  assert.equal(second.announce(), 1);
  second.look(false);
  assert.deepEqual([first.toasts, second.toasts], [["No. 101"], []]);
  assert.equal(first.announce(), 0);
});

test("while no tab is visible nothing is shown, and much of it is one toast later", () => {
  const browser = new Browser();
  const tab = browser.open();
  browser.welcome();
  tab.look(false);
  for (let id = 101; id <= 105; id += 1) browser.event(id, { type: `t${id}` });
  assert.deepEqual(tab.toasts, []);
  tab.look(true);
  assert.deepEqual(tab.toasts, ["5 while you were away"]);
});

test("a page that opens later gets what happened since it was rendered", () => {
  const browser = new Browser();
  browser.open();
  browser.welcome().event(101).event(102, { topic: "product.1" }).event(103);
  const late = browser.open({ page: "e1:101" });
  assert.deepEqual(late.ids, [103]);
  assert.ok(late.of("event").every(({ event }) => event.handled));
  assert.deepEqual(late.of("missed"), []);
  assert.equal(late.of("welcome").length, 1);
  assert.deepEqual(late.toasts, ["No. 101", "No. 103"]);
});

test("what was heard of a topic that the user has lost is told to no later page", () => {
  const browser = new Browser();
  browser.open();
  browser.welcome({ topics: ["user.7", "staff"] }).event(101, { topic: "staff" }).event(102);
  browser.socket.say({ op: "topics", removed: ["staff"] });
  assert.deepEqual(browser.open({ page: "e1:100" }).ids, [102]);
});

test("a page that is older than what is kept reads itself again", () => {
  const browser = new Browser();
  browser.open();
  browser.welcome();
  assert.deepEqual(browser.open({ page: "e1:50" }).of("missed"), [
    { op: "missed", missed: { reason: "topic" } },
  ]);
  for (let id = 101; id <= 400; id += 1) browser.event(id);
  assert.equal(browser.open({ page: "e1:150" }).of("missed").length, 1);
  assert.equal(browser.open({ page: "e1:300" }).of("missed").length, 0);
});

test("each topic is followed once, from where the oldest page was rendered, while a tab needs it", () => {
  const browser = new Browser();
  const first = browser.open({ topics: ["product.1"] });
  browser.welcome().event(110);
  const second = browser.open({ page: "e1:105", topics: ["product.1", "product.2"] });
  const { sent } = browser.socket;
  assert.deepEqual(sent.at(-1), { op: "subscribe", ref: "1", topics: ["product.2"], since: 105 });
  first.say("leave");
  assert.equal(sent.length, 2);
  second.say("leave");
  browser.open({ page: "e1:110", topics: ["product.2"] });
  assert.deepEqual(sent.at(-1), { op: "unsubscribe", ref: "2", topics: ["product.1"] });
});

test("of more topics than a connection may have, those of visible tabs are followed", () => {
  const browser = new Browser();
  const topics = (tab) => Array.from({ length: 100 }, (_, number) => `t${tab}.${number}`);
  const hidden = browser.open({ topics: topics(1), visible: false });
  browser.welcome();
  browser.open({ topics: topics(2) });
  const followed = () => new Set(browser.socket.sent.flatMap(({ op, topics = [] }) => (op === "unsubscribe" ? [] : topics)));
  assert.ok(topics(2).every((topic) => followed().has(topic)));
  hidden.look(true);
  assert.deepEqual(hidden.of("missed"), [{ op: "missed", missed: { reason: "topic" } }]);
});

test("the end of a session is told to every tab, whose toasts go, and a later page begins anew", () => {
  const browser = new Browser();
  const tabs = [browser.open(), browser.open()];
  browser.welcome().event(101);
  browser.socket.drop(4510, "logout");
  for (const tab of tabs) {
    assert.equal(tab.of("state").at(-1).state.name, "ended");
    assert.deepEqual(tab.toasts, []);
  }
  const later = browser.open({ page: "e1:101" });
  browser.welcome({ position: 101, head: 101 }).event(102);
  assert.equal(browser.sockets.length, 2);
  assert.deepEqual(later.ids, [102]);
  assert.deepEqual(tabs[0].ids, [101]);
});

test("without a tab the socket is closed after a moment, and not between two pages", () => {
  const browser = new Browser();
  const first = browser.open();
  browser.welcome();
  first.say("leave");
  browser.pass(1_000);
  const second = browser.open();
  browser.pass(10_000);
  assert.equal(browser.socket.closed, null);
  second.end.lost();
  browser.pass(10_000);
  assert.equal(browser.socket.closed, 1000);
  browser.open();
  assert.equal(browser.sockets.length, 2);
});

test("the toasts of the page before are taken over once", () => {
  const stored = {
    at: 1_000_000,
    running: false,
    shown: [
      { left: 5_000, frame: { title: "Before", severity: "info" }, revision: 2, announced: 2 },
      { left: 5_000, frame: { title: "Not read", severity: "info" }, revision: 1 },
    ],
  };
  const browser = new Browser();
  const first = browser.open({ stored });
  assert.deepEqual(first.toasts, ["Before", "Not read"]);
  assert.equal(first.announce(), 1);
  assert.deepEqual(browser.open({ stored }).toasts, ["Before", "Not read"]);
});

test("a change of the inbox is read once for all tabs, with what the user does not want", async () => {
  const filters = { toast: "*/order.received", inbox: "" };
  const browser = new Browser({ answers: { unseen: 4, filters } });
  const tabs = [browser.open(), browser.open()];
  browser.welcome();
  for (const id of [101, 102]) browser.event(id, { type: "inbox.changed", title: "" });
  browser.pass(300);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(browser.fetched, ["/shop/inbox/unseen"]);
  for (const tab of tabs) assert.equal(tab.of("inbox").at(-1).figures.unseen, 4);
  browser.event(103);
  assert.deepEqual(tabs[1].toasts, []);
});

test("what this browser did itself makes no toast, also after its session has a new name", () => {
  const browser = new Browser();
  const tab = browser.open({ origin: "first" });
  browser.welcome().event(101, { origin: "first" });
  assert.deepEqual(tab.toasts, []);
  browser.open({ origin: "second" });
  browser.event(102, { origin: "first" }).event(103, { origin: "another browser" });
  assert.deepEqual([tab.toasts, tab.ids], [[], [101, 102, 103]]);
});

test("a page may want no toasts of a topic", () => {
  for (const topic of ["user.7", "*"]) {
    const browser = new Browser();
    const tab = browser.open({ quiet: [topic] });
    browser.welcome().event(101);
    assert.deepEqual(tab.toasts, []);
    assert.deepEqual(tab.ids, [101]);
  }
});

test("links lead below the site's root, and a burst has the words of its kind", () => {
  const browser = new Browser();
  const tab = browser.open();
  browser.welcome();
  browser.event(101, { url: "/orders/1/" });
  assert.equal(tab.of("board").at(-1).board.shown[0].frame.url, "/shop/orders/1/");
  for (let id = 102; id < 114; id += 1) {
    browser.event(id, { type: "product.price_dropped", key: `price.${id}` });
  }
  assert.deepEqual(tab.toasts, ["No. 101", "Prices dropped on 12 products"]);
  assert.equal(tab.of("board").at(-1).board.shown[1].frame.url, "/shop/inbox/");
});

test("a tab's network and its wish not to wait reach the connection", () => {
  const browser = new Browser();
  const tab = browser.open();
  browser.welcome();
  tab.say("network", { online: false });
  assert.equal(tab.of("state").at(-1).state.name, "offline");
  tab.say("retry");
  assert.equal(browser.sockets.length, 2);
});
