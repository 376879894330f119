import assert from "node:assert/strict";
import { test } from "node:test";

import { Cursors, parseCursor } from "../../hub/static/hub/cursors.js";
import { FakeStorage } from "./environment.js";

const at = (position, epoch = "e1") => ({ epoch, position });

test("a cursor is remembered for its user only", () => {
  const cursors = new Cursors(new FakeStorage());
  cursors.raise("7", at(150));
  assert.deepEqual(cursors.read("7"), at(150));
  assert.equal(cursors.read("8"), null);
  assert.equal(cursors.read(""), null);
});

test("a lower cursor of the same log does not replace a higher one, that of another log does", () => {
  const cursors = new Cursors(new FakeStorage());
  cursors.raise("7", at(150));
  cursors.raise("7", at(140));
  assert.deepEqual(cursors.read("7"), at(150));
  cursors.raise("7", at(4, "e2"));
  assert.deepEqual(cursors.read("7"), at(4, "e2"));
  cursors.replace("7", at(1, "e2"));
  assert.deepEqual(cursors.read("7"), at(1, "e2"));
});

test("a forgotten user has no cursor", () => {
  const cursors = new Cursors(new FakeStorage());
  cursors.raise("7", at(150));
  cursors.forget("7");
  assert.equal(cursors.read("7"), null);
});

test("a browser remembers eight users", () => {
  const storage = new FakeStorage();
  let now = 0;
  const cursors = new Cursors(storage, () => (now += 1));
  for (let user = 1; user <= 12; user += 1) cursors.raise(String(user), at(user));
  assert.equal(Object.keys(JSON.parse(storage.getItem("hub.cursors"))).length, 8);
  assert.equal(cursors.read("4"), null);
  assert.deepEqual(cursors.read("12"), at(12));
});

test("a storage that throws, and one that is missing, remember nothing", (context) => {
  context.mock.method(console, "warn", () => {});
  const refuse = () => {
    throw new Error("storage is switched off");
  };
  for (const storage of [null, { getItem: refuse, setItem: refuse }]) {
    const cursors = new Cursors(storage);
    cursors.raise("7", at(150));
    assert.equal(cursors.read("7"), null);
  }
});

const ODD = ["null", "7", "[null]", '{"7":null}', '{"7":1}', '{"8":null,"9":{"at":"x"}}', "{"];
for (const stored of ODD) {
  test(`a stored ${stored} counts as nothing`, () => {
    const storage = new FakeStorage();
    storage.setItem("hub.cursors", stored);
    const cursors = new Cursors(storage);
    assert.equal(cursors.read("7"), null);
    cursors.raise("7", at(101));
    assert.deepEqual(cursors.read("7"), at(101));
  });
}

test("a page's position is read, and anything else is not", () => {
  assert.deepEqual(parseCursor("e1:40"), at(40));
  for (const text of [undefined, "", "e1", "e1:", "e1:x", ":4"]) assert.equal(parseCursor(text), null);
});
