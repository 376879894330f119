import assert from "node:assert/strict";
import { test } from "node:test";

import { HubClient } from "../../hub/static/hub/client.js";
import { FakeStorage, environment } from "./environment.js";

/** A client of ana (7), its browser, and the events that it emitted. */
class Tab {
  emitted = [];

  constructor({ storage = new FakeStorage(), tabStorage = new FakeStorage(), ...options } = {}) {
    this.browser = environment(options.clock);
    this.storage = storage;
    this.tabStorage = tabStorage;
    this.client = new HubClient({
      url: "ws://shop.example/ws/",
      person: "7",
      storage,
      tabStorage,
      ...options,
      environment: this.browser,
    });
    for (const type of ["event", "welcome", "state", "topics", "missed"]) {
      this.client.addEventListener(type, ({ detail }) => this.emitted.push([type, detail]));
    }
    this.client.start();
  }

  get socket() {
    return this.browser.sockets.at(-1);
  }

  get state() {
    return this.of("state").at(-1);
  }

  of(type) {
    return this.emitted.filter(([emitted]) => emitted === type).map(([, detail]) => detail);
  }

  get ids() {
    return this.of("event").map(({ id }) => id);
  }

  welcome(frame = {}) {
    this.socket.open();
    this.socket.say({
      op: "welcome",
      user: { id: 7, name: "ana" },
      epoch: "e1",
      position: 100,
      head: 100,
      recovered: true,
      topics: ["user.7"],
      pages: [],
      refused: [],
      ping: 25,
      ...frame,
    });
    return this;
  }

  event(id, frame = {}) {
    this.socket.say({ op: "event", id, type: "order.received", topic: "user.7", ...frame });
    return this;
  }

  /** The page is left; the browser may keep it for the back button. */
  hide() {
    this.browser.window.dispatchEvent(new Event("pagehide"));
    return this;
  }

  get hello() {
    return this.socket.sent[0];
  }
}

test("the first hello resumes from where the page was rendered", () => {
  const tab = new Tab({ page: "e1:40", topics: ["product.1"] });
  tab.socket.open();
  assert.deepEqual(tab.hello, {
    op: "hello",
    resume: { epoch: "e1", position: 40 },
    topics: ["product.1"],
  });
});

test("without a page's position and a stored cursor, the hello does not resume", () => {
  const tab = new Tab();
  tab.socket.open();
  assert.deepEqual(tab.hello, { op: "hello" });
});

test("a stored cursor below the page's position is resumed", () => {
  const first = new Tab({ page: "e1:40" }).welcome({ position: 40, head: 40 }).event(45).hide();
  const next = new Tab({ page: "e1:60", storage: first.storage });
  next.socket.open();
  assert.deepEqual(next.hello.resume, { epoch: "e1", position: 45 });
});

test("a page older than the cursor resumes from the page and marks handled events", () => {
  const first = new Tab().welcome().event(150).hide();
  const next = new Tab({ page: "e1:140", tabStorage: first.tabStorage });
  next.socket.open();
  assert.equal(next.hello.resume.position, 140);
  next.welcome({ position: 140, head: 151 }).event(150).event(151);
  assert.deepEqual(
    next.of("event").map(({ handled, replayed, seenByPage }) => [handled, replayed, seenByPage]),
    [
      [true, true, false],
      [false, true, false],
    ],
  );
});

test("an event that only another tab has handled is emitted in this tab", () => {
  const storage = new FakeStorage();
  const tab = new Tab({ storage }).welcome().event(101).hide();
  new Tab({ storage }).welcome().event(101).event(102).hide();
  const next = new Tab({ page: "e1:102", storage, tabStorage: tab.tabStorage });
  next.socket.open();
  assert.equal(next.hello.resume.position, 101);
});

test("another user in the same browser starts from the page's position", () => {
  const first = new Tab().welcome().event(150).hide();
  const next = new Tab({ person: "8", page: "e1:40", storage: first.storage });
  next.socket.open();
  assert.equal(next.hello.resume.position, 40);
});

test("a cursor of another log is not used", () => {
  const first = new Tab().welcome().event(150).hide();
  const next = new Tab({ page: "e2:4", storage: first.storage });
  next.socket.open();
  assert.deepEqual(next.hello.resume, { epoch: "e2", position: 4 });
});

test("events up to the page's position are marked as seenByPage", () => {
  const tab = new Tab({ page: "e1:110" }).welcome().event(110).event(111);
  assert.deepEqual(
    tab.of("event").map(({ seenByPage }) => seenByPage),
    [true, false],
  );
});

test("an event that the server repeats is emitted once", () => {
  const tab = new Tab().welcome().event(101).event(101).event(99).event(102);
  assert.deepEqual(tab.ids, [101, 102]);
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

test("after a lost connection it resumes at its cursor, and the welcome says `again`", () => {
  const tab = new Tab().welcome().event(101);
  tab.socket.drop();
  assert.equal(tab.state.name, "waiting");
  tab.browser.clock.pass(500);
  tab.socket.open();
  assert.deepEqual(tab.hello.resume, { epoch: "e1", position: 101 });
  tab.welcome({ position: 101 });
  assert.deepEqual(
    tab.of("welcome").map(({ again }) => again),
    [false, true],
  );
});

test("delays are random below a bound that doubles from half a second to twenty seconds", () => {
  const tab = new Tab();
  const waits = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    tab.socket.drop();
    waits.push(tab.state.retry);
    tab.browser.clock.pass(tab.state.retry);
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("a connection that held makes the next delay short again", () => {
  const tab = new Tab();
  tab.socket.drop();
  tab.browser.clock.pass(1000);
  tab.socket.drop();
  tab.browser.clock.pass(1000);
  tab.welcome();
  tab.browser.clock.pass(10_000);
  tab.socket.drop();
  assert.equal(tab.state.retry, 250);
});

test("it does not reconnect before the server's retry_ms", () => {
  const tab = new Tab().welcome();
  tab.socket.say({ op: "goodbye", code: 4012, reason: "restart", reconnect: true, retry_ms: 1730 });
  tab.socket.drop(1006);
  assert.equal(tab.state.retry, 1730);
  tab.browser.window.dispatchEvent(new Event("online"));
  tab.browser.clock.pass(1729);
  assert.equal(tab.browser.sockets.length, 1);
  tab.browser.clock.pass(1);
  assert.equal(tab.browser.sockets.length, 2);
});

test("a server that says goodbye without closing is left", () => {
  const tab = new Tab().welcome();
  tab.socket.say({ op: "goodbye", code: 4012, reason: "restart", reconnect: true, retry_ms: 0 });
  tab.browser.clock.pass(3000);
  assert.equal(tab.browser.sockets[0].closed, 1000);
  assert.equal(tab.state.name, "waiting");
});

for (const code of [1000, 1001, 1006, 1012, 4000, 4008, 4012, 4013, 4029, 4401, 4499]) {
  test(`close code ${code} reconnects`, () => {
    const tab = new Tab().welcome();
    tab.socket.drop(code);
    assert.equal(tab.state.name, "waiting");
  });
}

for (const code of [4500, 4501, 4503, 4510, 4999]) {
  test(`close code ${code} does not reconnect`, () => {
    const tab = new Tab().welcome();
    tab.socket.drop(code, "deleted");
    assert.deepEqual(tab.state, { name: "ended", code, reason: "deleted" });
    tab.browser.window.dispatchEvent(new Event("online"));
    assert.equal(tab.browser.clock.pending, 0);
    assert.equal(tab.browser.sockets.length, 1);
  });
}

test("a final goodbye ends it even when the close code is lost", () => {
  const tab = new Tab().welcome();
  tab.socket.say({ op: "goodbye", code: 4510, reason: "deleted", reconnect: false });
  tab.socket.drop(1006);
  assert.deepEqual(tab.state, { name: "ended", code: 4510, reason: "deleted" });
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

test("a client waits 35 seconds for its welcome", () => {
  const tab = new Tab();
  tab.browser.clock.pass(34_999);
  assert.equal(tab.state.name, "connecting");
  tab.browser.clock.pass(1);
  assert.equal(tab.state.name, "waiting");
});

test("a silent connection is closed after one and a half pings and ten seconds", () => {
  const tab = new Tab().welcome();
  tab.browser.clock.pass(47_499);
  assert.equal(tab.state.name, "live");
  tab.browser.clock.pass(1);
  assert.equal(tab.state.name, "waiting");
});

test("a machine that slept notices the dead connection when the tab becomes visible", () => {
  const tab = new Tab().welcome();
  tab.browser.clock.sleep(60_000);
  tab.browser.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(tab.state.name, "waiting");
});

test("an overdue attempt is made when the tab becomes visible", () => {
  const tab = new Tab().welcome();
  tab.socket.drop();
  tab.browser.clock.sleep(60_000);
  tab.browser.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(tab.browser.sockets.length, 2);
});

test("when the network is back, it reconnects at once", () => {
  const tab = new Tab().welcome();
  tab.browser.window.dispatchEvent(new Event("online"));
  tab.browser.clock.pass(0);
  assert.equal(tab.browser.sockets[0].closed, 1000);
  assert.equal(tab.browser.sockets.length, 2);
});

test("without a network the state is offline, and attempts go on", () => {
  const tab = new Tab().welcome();
  tab.browser.window.navigator.onLine = false;
  tab.socket.drop();
  assert.equal(tab.state.name, "offline");
  tab.browser.clock.pass(500);
  assert.equal(tab.browser.sockets.length, 2);
});

test("a page closes its socket at pagehide and reconnects when it is shown again", () => {
  const tab = new Tab().welcome().event(101).hide();
  assert.equal(tab.socket.closed, 1000);
  assert.equal(tab.browser.clock.pending, 0);
  tab.browser.window.dispatchEvent(new Event("pageshow"));
  tab.socket.open();
  assert.equal(tab.hello.resume.position, 101);
});

test("a page shown again marks the events that later pages have handled", () => {
  const tab = new Tab().welcome().event(101).hide();
  new Tab({ tabStorage: tab.tabStorage }).welcome().event(105).hide();
  tab.browser.window.dispatchEvent(new Event("pageshow"));
  tab.welcome({ position: 101, head: 106 }).event(105).event(106);
  assert.deepEqual(
    tab.of("event").map(({ id, handled }) => [id, handled]),
    [
      [101, false],
      [105, true],
      [106, false],
    ],
  );
});

test("`missed` is emitted once, and the cursor may be lower afterwards", () => {
  const tab = new Tab({ page: "e1:500" });
  tab.welcome({ position: 20, head: 20, recovered: false, reason: "ahead" });
  assert.deepEqual(tab.of("missed"), [{ reason: "ahead" }]);
  const next = new Tab({ storage: tab.storage });
  next.socket.open();
  assert.deepEqual(next.hello.resume, { epoch: "e1", position: 20 });
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

test("a storage that throws does not stop the connection", (context) => {
  context.mock.method(console, "warn", () => {});
  const refuse = () => {
    throw new Error("storage is switched off");
  };
  const tab = new Tab({ storage: { getItem: refuse, setItem: refuse } }).welcome().event(101);
  assert.deepEqual(tab.ids, [101]);
});

test("a replay writes each storage once per frame", () => {
  const tab = new Tab().welcome({ head: 2100 });
  const writes = tab.storage.writes;
  for (let id = 101; id <= 2100; id += 1) tab.event(id);
  assert.equal(tab.storage.writes, writes);
  tab.browser.clock.pass(20);
  assert.equal(tab.storage.writes, writes + 1);
  const next = new Tab({ storage: tab.storage });
  next.socket.open();
  assert.equal(next.hello.resume.position, 2100);
});

const ODD = ["null", "7", "[null]", '{"7":null}', '{"7":1}', '{"8":null,"9":{"at":"x"}}'];
for (const stored of ODD) {
  test(`a stored ${stored} counts as nothing`, () => {
    const storage = new FakeStorage();
    storage.setItem("hub.cursors", stored);
    const tab = new Tab({ storage, tabStorage: storage }).welcome().event(101).hide();
    assert.equal(tab.state.name, "live");
    const next = new Tab({ storage });
    next.socket.open();
    assert.deepEqual(next.hello.resume, { epoch: "e1", position: 101 });
  });
}

test("a browser remembers eight users", () => {
  const storage = new FakeStorage();
  for (let person = 1; person <= 12; person += 1) {
    new Tab({ person, storage }).welcome({ user: { id: person } });
  }
  assert.equal(Object.keys(JSON.parse(storage.getItem("hub.cursors"))).length, 8);
});

test("stopping leaves no timer and no socket", () => {
  const tab = new Tab().welcome();
  tab.client.stop();
  assert.equal(tab.state.name, "stopped");
  assert.equal(tab.socket.closed, 1000);
  assert.equal(tab.browser.clock.pending, 0);
});
