import assert from "node:assert/strict";
import { test } from "node:test";

import {
  lifetime,
  MAX_SHOWN,
  MAX_WAITING,
  ToastQueue,
} from "../../hub/static/hub/toasts/toast_queue.js";

const frame = (id, more) => ({ epoch: "e1", id, severity: "info", title: `No. ${id}`, ...more });

const summaryOf = (type, count) => ({ severity: "info", title: `${count} ${type}` });
const newQueue = () => new ToastQueue(summaryOf);

function filled(count) {
  const queue = newQueue();
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
  queue.remove(queue.shown[1].uid);
  assert.deepEqual(shown(queue), [1, 3, 4, 5]);
});

test("an event is added once per epoch and position", () => {
  const queue = filled(1);
  assert.equal(queue.add(frame(1)), false);
  assert.equal(queue.add(frame(1, { epoch: "e2" })), true);
  assert.equal(queue.shown.length, 2);
});

test("events without a position are all shown", () => {
  const queue = newQueue();
  queue.add(frame(undefined));
  queue.add(frame(undefined));
  assert.equal(queue.shown.length, 2);
});

test("a later event with the same key replaces the toast and gets its full lifetime", () => {
  const queue = newQueue();
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
    queue.waiting.map(({ frame }) => frame.id),
    [9],
  );
});

test("a critical event is shown at once, and another toast waits again", () => {
  const queue = filled(MAX_SHOWN + 1);
  queue.add(frame(50, { severity: "critical" }));
  assert.deepEqual(shown(queue), [1, 2, 3, 50]);
  assert.deepEqual(
    queue.waiting.map(({ frame }) => frame.id),
    [4, 5],
  );
});

test("a critical event waits while only critical ones are shown", () => {
  const queue = newQueue();
  for (let id = 1; id <= MAX_SHOWN + 1; id += 1) queue.add(frame(id, { severity: "critical" }));
  assert.deepEqual(shown(queue), [1, 2, 3, 4]);
  assert.equal(queue.waiting.length, 1);
});

test("the next page takes over what is shown, what waits, and which events were added", () => {
  const queue = filled(6);
  queue.shown[0].left = 3000;
  const next = newQueue();
  next.unpack(JSON.parse(JSON.stringify(queue.pack())), 100, false);
  assert.deepEqual(shown(next), [1, 2, 3, 4]);
  assert.equal(next.shown[0].left, 3000);
  assert.deepEqual(
    next.waiting.map(({ frame }) => frame.id),
    [5, 6],
  );
  assert.equal(next.add(frame(1)), false);
});

test("time that passed between two pages is subtracted down to two seconds", () => {
  const queue = filled(3);
  [9000, 2500, 400].forEach((left, index) => {
    queue.shown[index].left = left;
  });
  const next = newQueue();
  next.unpack(queue.pack(), 1000, true);
  assert.deepEqual(
    next.shown.map(({ left }) => left),
    [8000, 2000],
  );
});

test("toasts that were packed long ago are not shown again and still known", () => {
  const next = newQueue();
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
    const next = newQueue();
    next.unpack(packed, 100, true);
    assert.deepEqual([next.shown, next.waiting, next.more], [[], [], 0]);
    assert.ok(next.add(frame(1)));
  });
}

test("an age that is not a number shows no toast again", () => {
  const next = newQueue();
  next.unpack(filled(2).pack(), NaN, true);
  assert.equal(next.shown.length, 0);
});

test("clearing leaves nothing, not even what is critical", () => {
  const queue = filled(2);
  queue.add(frame(3, { severity: "critical" }));
  queue.clear();
  assert.deepEqual([shown(queue), queue.hidden], [[], 0]);
});

test("every toast stays at least five seconds, long ones longer, critical ones longest", () => {
  const short = lifetime({ title: "Hi" });
  const long = lifetime({ title: "x".repeat(150) });
  const critical = lifetime({ title: "Hi", severity: "critical" });
  assert.ok(5000 <= short && short < long && long < critical);
});

const drop = (id, key = `price.${id}`, more = {}) =>
  frame(id, { type: "price", key, title: `Now ${id}`, body: `It was ${id - 1}`, ...more });
const titles = (queue) => queue.shown.map((entry) => entry.frame.title);

test("a toast is updated where it stands, and its earlier body may tell what was before", () => {
  const queue = newQueue();
  queue.add(drop(1, "a", { keep_body: true }));
  queue.add(frame(2));
  const { uid, revision } = queue.shown[0];
  queue.add(drop(3, "a", { keep_body: true }));
  assert.deepEqual(titles(queue), ["Now 3", "No. 2"]);
  assert.equal(queue.shown[0].frame.body, "It was 0");
  assert.equal(queue.shown[0].uid, uid);
  assert.ok(queue.shown[0].revision > revision);
  assert.deepEqual(queue.shown[0].ids, [1, 3]);
});

test("more than three of a type become one, where the first of them stands", () => {
  const queue = newQueue();
  queue.add(frame(9));
  for (let id = 10; id < 22; id += 1) queue.add(drop(id));
  assert.deepEqual(titles(queue), ["No. 9", "12 price"]);
  assert.equal(queue.hidden, 0);
});

test("a summary counts things, not events", () => {
  const queue = newQueue();
  for (let id = 10; id < 14; id += 1) queue.add(drop(id));
  for (let id = 20; id < 40; id += 1) queue.add(drop(id, "price.10"));
  assert.deepEqual(titles(queue), ["4 price"]);
});

test("what is critical or can be acted on is never summed up", () => {
  const queue = newQueue();
  for (let id = 1; id < 4; id += 1) queue.add(drop(id));
  queue.add(drop(4, "d", { severity: "critical" }));
  queue.add(drop(5, "e", { actions: [{ label: "Undo", url: "/undo" }] }));
  assert.equal(queue.shown.length + queue.waiting.length, 5);
});

test("what came while nobody looked is one toast, unless it is little", () => {
  for (const [count, expected] of [[2, ["No. 1", "No. 2"]], [6, ["6 away"]]]) {
    const queue = newQueue();
    for (let id = 1; id <= count; id += 1) queue.add(frame(id), { unattended: true });
    queue.attend();
    assert.deepEqual(titles(queue), expected);
    queue.add(frame(50), { unattended: true });
    queue.attend();
    assert.deepEqual(titles(queue), [...expected, "No. 50"]);
  }
});

test("as many toasts are on screen as fit, and the others wait", () => {
  const queue = filled(4);
  queue.capacity = 2;
  assert.deepEqual(shown(queue), [1, 2]);
  queue.capacity = 4;
  assert.deepEqual(shown(queue), [1, 2, 3, 4]);
});

test("a toast with actions stays until it is closed, also on the next page", () => {
  const queue = newQueue();
  queue.add(frame(1, { actions: [{ label: "Undo", url: "/undo", method: "post" }] }));
  assert.equal(queue.shown[0].left, Infinity);
  const next = newQueue();
  next.unpack(JSON.parse(JSON.stringify(queue.pack())), 1_000, true);
  assert.equal(next.shown[0].left, Infinity);
});

test("a day of 20,000 events leaves a bounded queue", () => {
  const queue = newQueue();
  for (let id = 1; id <= 20_000; id += 1) queue.add(frame(id, { type: `t${id % 40}`, key: `${id}` }));
  assert.ok(JSON.stringify(queue.pack()).length < 200_000);
});
