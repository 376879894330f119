import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { SeenReporter } from "../../hub/static/hub/inbox/seen.js";

const BATCH_DELAY = 1_000; // ms
const RETRY_DELAY = 30_000; // ms

let posted;
let status;
let reporter;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  posted = [];
  status = 204;
  reporter = new SeenReporter(async (fields) => {
    posted.push(fields.map(([, position]) => position));
    return { status };
  });
});

afterEach(() => mock.timers.reset());

/** Let time pass, and the requests that it starts be answered. */
async function pass(ms) {
  mock.timers.tick(ms);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

test("events that are seen within a second are one request", async () => {
  reporter.add(7);
  reporter.add(8);
  reporter.add(7);
  assert.deepEqual(posted, []);
  await pass(BATCH_DELAY);
  assert.deepEqual(posted, [[7, 8]]);
});

test("leaving the page reports at once", async () => {
  reporter.add(7);
  await reporter.flush();
  assert.deepEqual(posted, [[7]]);
  await pass(RETRY_DELAY);
  assert.equal(posted.length, 1);
});

for (const refused of [429, 503]) {
  test(`a report that got ${refused} is sent again later`, async () => {
    status = refused;
    reporter.add(7);
    await pass(BATCH_DELAY);
    status = 204;
    await pass(RETRY_DELAY);
    await pass(RETRY_DELAY);
    assert.deepEqual(posted, [[7], [7]]);
  });
}

test("a report of a user who is signed out is not sent again", async () => {
  status = 0; // a redirect that was not followed
  reporter.add(7);
  await pass(BATCH_DELAY);
  await pass(RETRY_DELAY);
  assert.equal(posted.length, 1);
});

test("a request carries at most fifty events", async () => {
  for (let position = 1; position <= 60; position += 1) reporter.add(position);
  await pass(BATCH_DELAY);
  await pass(RETRY_DELAY);
  assert.deepEqual(
    posted.map((batch) => batch.length),
    [50, 10],
  );
});

test("after the user is signed out nothing is reported", async () => {
  reporter.add(7);
  reporter.stop();
  reporter.add(8);
  await pass(RETRY_DELAY);
  assert.deepEqual(posted, []);
});
