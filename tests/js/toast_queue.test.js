import assert from "node:assert/strict";
import { test } from "node:test";

import { lifetime, MAX_SHOWN, MAX_WAITING, Tray } from "../../frontend/static/frontend/toast_queue.js";

const frame = (id, more) => ({ epoch: "e1", id, severity: "info", title: `No. ${id}`, ...more });

function filled(count) {
  const tray = new Tray();
  for (let id = 1; id <= count; id += 1) tray.add(frame(id));
  return tray;
}

const shown = (tray) => tray.shown.map((entry) => entry.frame.id);

test("so many are shown, the rest wait their turn, and beyond a bound they are counted", () => {
  const tray = filled(MAX_SHOWN + MAX_WAITING + 3);
  assert.equal(tray.shown.length, MAX_SHOWN);
  assert.equal(tray.waiting.length, MAX_WAITING);
  assert.equal(tray.more, 3);
  assert.equal(tray.hidden, MAX_WAITING + 3);
});

test("when one leaves, the one that waited longest follows", () => {
  const tray = filled(6);
  tray.remove(tray.shown[1]);
  assert.deepEqual(shown(tray), [1, 3, 4, 5]);
});

test("an event is shown once, by log and position", () => {
  const tray = filled(1);
  assert.equal(tray.add(frame(1)), false);
  assert.equal(tray.add(frame(1, { epoch: "e2" })), true);
  assert.equal(tray.shown.length, 2);
});

test("events without a position cannot be told apart and are all shown", () => {
  const tray = new Tray();
  tray.add(frame(undefined));
  tray.add(frame(undefined));
  assert.equal(tray.shown.length, 2);
});

test("a later event with the same key takes the earlier one's place, with its full time", () => {
  const tray = new Tray();
  tray.add(frame(1, { key: "price.1" }));
  tray.add(frame(2));
  tray.shown[0].left = 10;
  tray.add(frame(3, { key: "price.1", title: "Now 20" }));
  assert.deepEqual(shown(tray), [3, 2]);
  assert.equal(tray.shown[0].left, lifetime({ title: "Now 20" }));
});

test("a key replaces one that waits, too", () => {
  const tray = filled(MAX_SHOWN);
  tray.add(frame(8, { key: "price.1" }));
  tray.add(frame(9, { key: "price.1" }));
  assert.deepEqual(
    tray.waiting.map(({ id }) => id),
    [9],
  );
});

test("what is critical is shown at once, and another one waits in its stead", () => {
  const tray = filled(MAX_SHOWN + 1);
  tray.add(frame(50, { severity: "critical" }));
  assert.deepEqual(shown(tray), [1, 2, 3, 50]);
  assert.deepEqual(
    tray.waiting.map(({ id }) => id),
    [4, 5],
  );
});

test("where all that is shown is critical, even what is critical waits", () => {
  const tray = new Tray();
  for (let id = 1; id <= MAX_SHOWN + 1; id += 1) tray.add(frame(id, { severity: "critical" }));
  assert.deepEqual(shown(tray), [1, 2, 3, 4]);
  assert.equal(tray.waiting.length, 1);
});

test("the next page is handed what is on screen, what waits, and what was shown", () => {
  const tray = filled(6);
  tray.shown[0].left = 3000;
  const next = new Tray();
  next.unpack(JSON.parse(JSON.stringify(tray.pack())), 100, false);
  assert.deepEqual(shown(next), [1, 2, 3, 4]);
  assert.equal(next.shown[0].left, 3000);
  assert.deepEqual(
    next.waiting.map(({ id }) => id),
    [5, 6],
  );
  assert.equal(next.add(frame(1)), false);
});

test("time that went on during the change of pages is taken off, but stays readable", () => {
  const tray = filled(3);
  [9000, 2500, 400].forEach((left, index) => {
    tray.shown[index].left = left;
  });
  const next = new Tray();
  next.unpack(tray.pack(), 1000, true);
  assert.deepEqual(
    next.shown.map(({ left }) => left),
    [8000, 2000],
  );
});

test("what was packed long ago is not shown again, and still known", () => {
  const next = new Tray();
  next.unpack(filled(2).pack(), 31_000, false);
  assert.equal(next.shown.length, 0);
  assert.equal(next.add(frame(2)), false);
});

test("a page that is no longer the person's keeps only what is critical", () => {
  const tray = filled(2);
  tray.add(frame(3, { severity: "critical" }));
  tray.clear();
  assert.deepEqual(shown(tray), [3]);
});

test("every toast stays at least five seconds, long ones longer, critical ones longest", () => {
  const short = lifetime({ title: "Hi" });
  const long = lifetime({ title: "x".repeat(150) });
  const critical = lifetime({ title: "Hi", severity: "critical" });
  assert.ok(5000 <= short && short < long && long < critical);
});
