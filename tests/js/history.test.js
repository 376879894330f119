import assert from "node:assert/strict";
import { test } from "node:test";

import { withHistory } from "../../hub/static/hub/dashboard/history.js";

const event = (number) => ({ at: `t${number}`, data: { process: "web:1", number } });
const settled = () => new Promise((resolve) => setImmediate(resolve));

function open(answer) {
  const taken = [];
  globalThis.fetch = () => answer;
  const receive = withHistory("/history", ({ number }, at) => taken.push([number, at]));
  const numbers = () => taken.map(([number]) => number);
  return { receive, taken, numbers };
}

test("the past comes first, and what is in both comes once", async () => {
  let resolve;
  const { receive, taken, numbers } = open(new Promise((done) => (resolve = done)));
  receive(event(2));
  receive(event(3));
  assert.deepEqual(numbers(), []);
  const past = [
    [2000, event(1)],
    [1000, event(2)],
  ];
  resolve({ ok: true, json: async () => past });
  await settled();
  assert.deepEqual(numbers(), [1, 2, 3]);
  assert.equal(taken[1][1] - taken[0][1], 1000);
  receive(event(4));
  assert.deepEqual(numbers(), [1, 2, 3, 4]);
});

test("without a past the page begins with what came meanwhile", async () => {
  const { receive, numbers } = open(Promise.resolve({ ok: false, status: 403 }));
  receive(event(1));
  await settled();
  receive(event(2));
  assert.deepEqual(numbers(), [1, 2]);
});
