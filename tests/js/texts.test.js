import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { counted, text, useTranslations } from "../../hub/static/hub/texts.js";

const NEW = ["{count} new event", "{count} new events"];

// One, few and many, as hub/ui/texts.py makes it of a Polish catalogue.
const rule = (n) => {
  if (n === 1) return 0;
  return n % 10 >= 2 && n % 10 <= 4 && Math.floor((n % 100) / 10) !== 1 ? 1 : 2;
};
const polish = {
  "Log in": "Zaloguj się",
  [NEW[0]]: {
    forms: ["{count} nowe zdarzenie", "{count} nowe zdarzenia", "{count} nowych zdarzeń"],
    of: Array.from({ length: 200 }, (_, n) => rule(n)).join(""),
  },
};
const german = {
  [NEW[0]]: { forms: ["{count} neue Ereignisse", "{count} neues Ereignis"], of: "010" },
};

afterEach(() => useTranslations({}));

test("without a translation a number has the two forms of English", () => {
  const said = [0, 1, 2].map((count) => counted(...NEW, count));
  assert.deepEqual(said, ["0 new events", "1 new event", "2 new events"]);
});

test("a language with three forms has each for its numbers, however large", () => {
  useTranslations(polish);
  const said = [1, 3, 5, 12, 22, 101, 112, 122, 1_000_023, 1_000_012];
  assert.deepEqual(
    said.map((count) => counted(...NEW, count).replace(/^\d+ /, "")),
    [
      "nowe zdarzenie",
      "nowe zdarzenia",
      "nowych zdarzeń",
      "nowych zdarzeń",
      "nowe zdarzenia",
      "nowych zdarzeń",
      "nowych zdarzeń",
      "nowe zdarzenia",
      "nowe zdarzenia",
      "nowych zdarzeń",
    ],
  );
  assert.equal(text("Log in"), "Zaloguj się");
});

test("the last form stands for all further numbers, and a number may be shown as another text", () => {
  useTranslations(german);
  assert.equal(counted(...NEW, 1), "1 neues Ereignis");
  assert.equal(counted(...NEW, 0), "0 neue Ereignisse");
  assert.equal(counted(...NEW, 100, "99+"), "99+ neue Ereignisse");
});
