import assert from "node:assert/strict";
import { test } from "node:test";

import { Tab } from "./tab.js";

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

test("stopping leaves no timer and no socket", () => {
  const tab = new Tab().welcome();
  tab.client.stop();
  assert.equal(tab.state.name, "stopped");
  assert.equal(tab.socket.closed, 1000);
  assert.equal(tab.browser.clock.pending, 0);
});

test("when the browser says that it is offline, the state is offline at once", () => {
  const tab = new Tab().welcome();
  tab.browser.window.navigator.onLine = false;
  tab.browser.window.dispatchEvent(new Event("offline"));
  assert.equal(tab.state.name, "offline");
  assert.equal(tab.state.updated, tab.browser.clock.now);
});

test("a user who does not want to wait is connected at once", () => {
  const tab = new Tab().welcome();
  tab.socket.drop();
  tab.client.retry();
  assert.equal(tab.browser.sockets.length, 2);
  tab.client.retry();
  assert.equal(tab.browser.sockets.length, 2);
});

test("nobody connects before the server's retry_ms, however often they try", () => {
  const tab = new Tab().welcome();
  tab.socket.say({ op: "goodbye", code: 4012, reason: "restart", reconnect: true, retry_ms: 1730 });
  tab.socket.drop(1006);
  tab.client.retry();
  assert.equal(tab.browser.sockets.length, 1);
});
