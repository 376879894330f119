import assert from "node:assert/strict";
import { test } from "node:test";

import {
  lifetime,
  MAX_SHOWN,
  MAX_WAITING,
  ToastQueue,
} from "../../hub/static/hub/toasts/toast_queue.js";

const frame = (id, more) => ({ epoch: "e1", id, severity: "info", title: `No. ${id}`, ...more });

function filled(count) {
  const queue = new ToastQueue();
  for (let id = 1; id <= count; id += 1) queue.add(frame(id));
  return queue;
}

const shown = (queue) => queue.shown.map((entry) => entry.frame.id);

test("toasts beyond MAX_SHOWN wait, and beyond MAX_WAITING they are counted", () => {
  const queue = filled(MAX_SHOWN + MAX_WAITING + 3);
  assert.equal(queue.shown.length, MAX_SHOWN);
  assert.equal(queue.waiting.length, MAX_WAITING);
  assert.equal(queue.more, 3);
  assert.equal(queue.hidden, MAX_WAITING + 3);
});

test("when a toast leaves, the one that waited longest follows", () => {
  const queue = filled(6);
  queue.remove(queue.shown[1]);
  assert.deepEqual(shown(queue), [1, 3, 4, 5]);
});

test("an event is added once per epoch and position", () => {
  const queue = filled(1);
  assert.equal(queue.add(frame(1)), false);
  assert.equal(queue.add(frame(1, { epoch: "e2" })), true);
  assert.equal(queue.shown.length, 2);
});

test("events without a position are all shown", () => {
  const queue = new ToastQueue();
  queue.add(frame(undefined));
  queue.add(frame(undefined));
  assert.equal(queue.shown.length, 2);
});

test("a later event with the same key replaces the toast and gets its full lifetime", () => {
  const queue = new ToastQueue();
  queue.add(frame(1, { key: "price.1" }));
  queue.add(frame(2));
  queue.shown[0].left = 10;
  queue.add(frame(3, { key: "price.1", title: "Now 20" }));
  assert.deepEqual(shown(queue), [3, 2]);
  assert.equal(queue.shown[0].left, lifetime({ title: "Now 20" }));
});

test("a later event with the same key replaces one that waits", () => {
  const queue = filled(MAX_SHOWN);
  queue.add(frame(8, { key: "price.1" }));
  queue.add(frame(9, { key: "price.1" }));
  assert.deepEqual(
    queue.waiting.map(({ id }) => id),
    [9],
  );
});

test("a critical event is shown at once, and another toast waits again", () => {
  const queue = filled(MAX_SHOWN + 1);
  queue.add(frame(50, { severity: "critical" }));
  assert.deepEqual(shown(queue), [1, 2, 3, 50]);
  assert.deepEqual(
    queue.waiting.map(({ id }) => id),
    [4, 5],
  );
});

test("a critical event waits while only critical ones are shown", () => {
  const queue = new ToastQueue();
  for (let id = 1; id <= MAX_SHOWN + 1; id += 1) queue.add(frame(id, { severity: "critical" }));
  assert.deepEqual(shown(queue), [1, 2, 3, 4]);
  assert.equal(queue.waiting.length, 1);
});

test("the next page takes over what is shown, what waits, and which events were added", () => {
  const queue = filled(6);
  queue.shown[0].left = 3000;
  const next = new ToastQueue();
  next.unpack(JSON.parse(JSON.stringify(queue.pack())), 100, false);
  assert.deepEqual(shown(next), [1, 2, 3, 4]);
  assert.equal(next.shown[0].left, 3000);
  assert.deepEqual(
    next.waiting.map(({ id }) => id),
    [5, 6],
  );
  assert.equal(next.add(frame(1)), false);
});

test("time that passed between two pages is subtracted down to two seconds", () => {
  const queue = filled(3);
  [9000, 2500, 400].forEach((left, index) => {
    queue.shown[index].left = left;
  });
  const next = new ToastQueue();
  next.unpack(queue.pack(), 1000, true);
  assert.deepEqual(
    next.shown.map(({ left }) => left),
    [8000, 2000],
  );
});

test("toasts that were packed long ago are not shown again and still known", () => {
  const next = new ToastQueue();
  next.unpack(filled(2).pack(), 31_000, false);
  assert.equal(next.shown.length, 0);
  assert.equal(next.add(frame(2)), false);
});

for (const packed of [
  {},
  { seen: "e1:1", shown: {}, waiting: 3, more: "many" },
  { seen: [1, null], shown: [null, {}, { frame: null, left: 1 }], waiting: [null, {}], more: -2 },
  { shown: [{ frame: { title: 7 }, left: 5000 }, { frame: frame(1), left: null }] },
  { waiting: [frame(1, { actions: 3 }), frame(2, { actions: [null] }), frame(3, { body: {} })] },
]) {
  test(`packed data of another shape counts as nothing: ${JSON.stringify(packed)}`, () => {
    const next = new ToastQueue();
    next.unpack(packed, 100, true);
    assert.deepEqual([next.shown, next.waiting, next.more], [[], [], 0]);
    assert.ok(next.add(frame(1)));
  });
}

test("an age that is not a number shows no toast again", () => {
  const next = new ToastQueue();
  next.unpack(filled(2).pack(), NaN, true);
  assert.equal(next.shown.length, 0);
});

test("clearing keeps critical toasts only", () => {
  const queue = filled(2);
  queue.add(frame(3, { severity: "critical" }));
  queue.clear();
  assert.deepEqual(shown(queue), [3]);
});

test("every toast stays at least five seconds, long ones longer, critical ones longest", () => {
  const short = lifetime({ title: "Hi" });
  const long = lifetime({ title: "x".repeat(150) });
  const critical = lifetime({ title: "Hi", severity: "critical" });
  assert.ok(5000 <= short && short < long && long < critical);
});
