import assert from "node:assert/strict";
import { test } from "node:test";

import { Tab } from "./tab.js";

test("the first hello resumes from where the page was rendered", () => {
  const tab = new Tab({ page: "e1:40", topics: ["product.1"] });
  tab.socket.open();
  assert.deepEqual(tab.hello, {
    op: "hello",
    runs: true,
    resume: { epoch: "e1", position: 40 },
    topics: ["product.1"],
  });
});

test("without a page's position and a stored cursor, the hello does not resume", () => {
  const tab = new Tab();
  tab.socket.open();
  assert.deepEqual(tab.hello, { op: "hello", runs: true });
});

test("an event that the server repeats is emitted once", () => {
  const tab = new Tab().welcome().event(101).event(101).event(99).event(102);
  assert.deepEqual(tab.ids, [101, 102]);
});

test("several events in one frame are emitted like single ones", () => {
  const tab = new Tab().welcome();
  assert.equal(tab.hello.runs, true);
  const events = [99, 101, 103].map((id) => ({ id, type: "order.received", topic: "user.7" }));
  tab.socket.say({ op: "events", events });
  tab.event(103).event(104);
  assert.deepEqual(tab.ids, [101, 103, 104]);
  assert.equal(tab.client.cursor.position, 104);
});

test("an ephemeral event is emitted and moves no cursor", () => {
  const tab = new Tab().welcome().event(undefined, { topic: "product.1.page" });
  assert.equal(tab.of("event").length, 1);
  assert.equal(tab.client.cursor.position, 100);
});

test("an event is the user's own by its topic", () => {
  const tab = new Tab().welcome().event(101).event(102, { topic: "product.1" });
  tab.socket.say({ op: "topics", added: ["product.1"], removed: ["user.7"] });
  tab.event(103).event(104, { topic: "product.1" });
  assert.deepEqual(
    tab.of("event").map(({ own }) => own),
    [true, false, false, true],
  );
});

test("a ping is answered and becomes the cursor", () => {
  const tab = new Tab().welcome();
  tab.socket.say({ op: "ping", position: 130 });
  assert.deepEqual(tab.socket.sent.at(-1), { op: "pong", position: 130 });
  assert.equal(tab.client.cursor.position, 130);
});

test("a session that became another user's ends the page's connection", () => {
  const tab = new Tab().welcome({ user: { id: 8, name: "ben" }, topics: ["user.8"] });
  assert.equal(tab.state.name, "ended");
  assert.equal(tab.state.reason, "person");
  assert.equal(tab.of("welcome").length, 0);
});

test("an anonymous page is welcomed as nobody", () => {
  const tab = new Tab({ person: "" }).welcome({ user: null, topics: [] });
  assert.equal(tab.state.name, "live");
});

test("a late topic's events are emitted although the cursor has passed them", () => {
  const tab = new Tab().welcome().event(120);
  tab.client.subscribe(["product.3"], 90);
  assert.deepEqual(tab.socket.sent.at(-1), {
    op: "subscribe",
    ref: "1",
    topics: ["product.3"],
    since: 90,
  });
  const late = { id: 95, type: "product.price_dropped", topic: "product.3" };
  tab.socket.say({ op: "reply", ref: "1", ok: true, topics: ["product.3"], events: [late] });
  assert.deepEqual(tab.ids, [120, 95]);
  assert.equal(tab.client.cursor.position, 120);
  assert.deepEqual(tab.of("topics").at(-1).pages, ["product.3"]);
});

/** A tab at 101 that got 105 and 107 in a reply. */
function deliveredAhead() {
  const tab = new Tab().welcome().event(101);
  tab.client.subscribe(["product.3"]);
  const events = [105, 107].map((id) => ({ id, type: "product.changed", topic: "product.3" }));
  tab.socket.say({ op: "reply", ref: "1", ok: true, topics: ["product.3"], events });
  assert.deepEqual(tab.ids, [101, 105, 107]);
  tab.reconnect = (frame) => {
    tab.socket.drop();
    tab.browser.clock.pass(20_000);
    tab.socket.open();
    return tab.welcome({ pages: ["product.3"], ...frame });
  };
  return tab;
}

test("an event of a reply above the cursor is not emitted again by the resumed stream", () => {
  const tab = deliveredAhead();
  tab.reconnect({ position: 101, head: 107 });
  assert.deepEqual(tab.hello.resume, { epoch: "e1", position: 101 });
  tab.event(103).event(105, { topic: "product.3" }).event(106).event(107, { topic: "product.3" });
  assert.deepEqual(tab.ids, [101, 105, 107, 103, 106]);
  assert.equal(tab.client.cursor.position, 107);
});

test("a topic that is left and requested again does not repeat its reply", () => {
  const tab = deliveredAhead();
  tab.client.unsubscribe(["product.3"]);
  tab.client.subscribe(["product.3"]);
  assert.equal(tab.socket.sent.at(-1).since, 101);
  const events = [105, 107, 108].map((id) => ({ id, type: "product.changed", topic: "product.3" }));
  tab.socket.say({ op: "reply", ref: "3", ok: true, topics: ["product.3"], events });
  assert.deepEqual(tab.ids, [101, 105, 107, 108]);
});

test("events of another log are new, whatever a reply of the earlier log carried", () => {
  const tab = deliveredAhead();
  tab.reconnect({ epoch: "e2", position: 102, head: 102, recovered: false, reason: "epoch" });
  tab.event(105, { topic: "product.3" });
  assert.deepEqual(tab.ids, [101, 105, 107, 105]);
});

test("topics requested while disconnected are in the next hello", () => {
  const tab = new Tab({ topics: ["product.1"] }).welcome();
  tab.socket.drop();
  tab.client.subscribe(["product.2"]);
  tab.client.unsubscribe(["product.1"]);
  tab.browser.clock.pass(500);
  tab.socket.open();
  assert.deepEqual(tab.hello.topics, ["product.2"]);
});

test("topics that change while the hello is on its way are sent after the welcome", () => {
  const tab = new Tab({ page: "e1:90", topics: ["product.1", "product.9"] });
  tab.socket.open();
  tab.client.subscribe(["product.2"]);
  tab.client.unsubscribe(["product.1"]);
  const refused = [{ topic: "product.9", code: "unknown_topic" }];
  tab.welcome({ position: 90, pages: ["product.1"], refused });
  assert.deepEqual(tab.socket.sent.slice(-2), [
    { op: "subscribe", ref: "1", topics: ["product.2"], since: 90 },
    { op: "unsubscribe", ref: "2", topics: ["product.1"] },
  ]);
  assert.deepEqual(tab.of("topics").at(-1).pages, []);
});

test("a page that subscribes at the welcome subscribes once", () => {
  const tab = new Tab();
  tab.client.addEventListener("welcome", () => tab.client.subscribe(["product.2"]));
  tab.welcome();
  assert.deepEqual(
    tab.socket.sent.map(({ op }) => op),
    ["hello", "subscribe"],
  );
});

test("a topic that could not be checked is requested again", () => {
  const tab = new Tab().welcome();
  tab.client.subscribe(["product.3"]);
  const error = { code: "unavailable", message: "not now", temporary: true };
  tab.socket.say({ op: "reply", ref: "1", ok: false, error });
  tab.browser.clock.pass(5000);
  assert.deepEqual(tab.socket.sent.at(-1).topics, ["product.3"]);
  assert.equal(tab.socket.sent.at(-1).ref, "2");
});

test("each hello carries a fresh ticket", async () => {
  let made = 0;
  const tab = new Tab({ ticket: async () => `ticket ${(made += 1)}` });
  tab.socket.open();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(tab.hello.ticket, "ticket 1");
  tab.socket.drop(4401);
  tab.browser.clock.pass(500);
  tab.socket.open();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(tab.hello.ticket, "ticket 2");
});

test("frames that the client cannot read are ignored", (context) => {
  const warn = context.mock.method(console, "warn", () => {});
  const tab = new Tab().welcome();
  tab.socket.say("{");
  tab.socket.say({ op: "from the future" });
  tab.event(101);
  assert.deepEqual(tab.ids, [101]);
  assert.equal(warn.mock.callCount(), 1);
});

test("a remembered cursor below the page's position is resumed", () => {
  const tab = new Tab({ page: "e1:60", remembered: { epoch: "e1", position: 45 } });
  tab.socket.open();
  assert.deepEqual(tab.hello.resume, { epoch: "e1", position: 45 });
});

test("a page older than the cursor resumes from the page and marks handled events", () => {
  const tab = new Tab({ page: "e1:140", remembered: { epoch: "e1", position: 150 } });
  tab.socket.open();
  assert.equal(tab.hello.resume.position, 140);
  tab.welcome({ position: 140, head: 151 }).event(150).event(151);
  assert.deepEqual(
    tab.of("event").map(({ handled, replayed }) => [handled, replayed]),
    [
      [true, true],
      [false, true],
    ],
  );
});

test("a cursor of another log is not used", () => {
  const tab = new Tab({ page: "e2:4", remembered: { epoch: "e1", position: 150 } });
  tab.socket.open();
  assert.deepEqual(tab.hello.resume, { epoch: "e2", position: 4 });
});

test("`missed` is emitted once, and the cursor may be lower afterwards", () => {
  const tab = new Tab({ page: "e1:500" });
  tab.welcome({ position: 20, head: 20, recovered: false, reason: "ahead" });
  assert.deepEqual(tab.of("missed"), [{ reason: "ahead" }]);
  assert.deepEqual(tab.told, [{ cursor: { epoch: "e1", position: 20 }, recovered: false }]);
});

test("a replay is remembered once per frame", () => {
  const tab = new Tab().welcome({ head: 2100 });
  const before = tab.told.length;
  for (let id = 101; id <= 2100; id += 1) tab.event(id);
  assert.equal(tab.told.length, before);
  tab.browser.clock.pass(20);
  assert.deepEqual(tab.told.slice(before), [
    { cursor: { epoch: "e1", position: 2100 }, recovered: true },
  ]);
});
