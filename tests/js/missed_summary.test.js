import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { MissedSummary } from "../../hub/static/hub/toasts/missed_summary.js";

const QUIET_TIME = 200; // ms without a further event
const old = { replayed: true, at: "2020-01-01T00:00:00Z" };

let shown;
let summary;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  shown = [];
  summary = new MissedSummary(({ title }) => shown.push(title), () => "/inbox/");
});

afterEach(() => mock.timers.reset());

test("old events that are replayed become one toast", () => {
  assert.ok(summary.add(old));
  assert.ok(summary.add(old));
  mock.timers.tick(QUIET_TIME);
  assert.deepEqual(shown, ["2 new notifications"]);
});

test("live and recent events are not summed up", () => {
  assert.ok(!summary.add({ ...old, replayed: false }));
  assert.ok(!summary.add({ replayed: true, at: new Date().toISOString() }));
  mock.timers.tick(QUIET_TIME);
  assert.deepEqual(shown, []);
});

test("a replay that begins before the summary is shown is counted with it", () => {
  summary.add(old);
  summary.restart();
  mock.timers.tick(QUIET_TIME);
  assert.deepEqual(shown, ["1 new notification"]);
});

test("a replay that begins later counts anew", () => {
  summary.add(old);
  mock.timers.tick(QUIET_TIME);
  summary.restart();
  summary.add(old);
  mock.timers.tick(QUIET_TIME);
  assert.deepEqual(shown, ["1 new notification", "1 new notification"]);
});
