import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Digest } from "../../frontend/static/frontend/missed_summary.js";

const WAIT = 200; // ms without another event
const old = { replayed: true, at: "2020-01-01T00:00:00Z" };

let told;
let digest;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  told = [];
  digest = new Digest(({ title }) => told.push(title), "/inbox/");
});

afterEach(() => mock.timers.reset());

test("old events that are replayed become one toast", () => {
  assert.ok(digest.takes(old));
  assert.ok(digest.takes(old));
  mock.timers.tick(WAIT);
  assert.deepEqual(told, ["2 new notifications"]);
});

test("what is live or young is not gathered", () => {
  assert.ok(!digest.takes({ ...old, replayed: false }));
  assert.ok(!digest.takes({ replayed: true, at: new Date().toISOString() }));
  mock.timers.tick(WAIT);
  assert.deepEqual(told, []);
});

test("a replay that begins before the last one was told is told together with it", () => {
  digest.takes(old);
  digest.restart();
  mock.timers.tick(WAIT);
  assert.deepEqual(told, ["1 new notification"]);
});

test("a replay that begins later counts anew", () => {
  digest.takes(old);
  mock.timers.tick(WAIT);
  digest.restart();
  digest.takes(old);
  mock.timers.tick(WAIT);
  assert.deepEqual(told, ["1 new notification", "1 new notification"]);
});
