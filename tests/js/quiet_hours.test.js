import assert from "node:assert/strict";
import { test } from "node:test";

import { quietHours } from "../../hub/static/hub/toasts/quiet_hours.js";

const at = (time) => Date.parse(`2026-11-27T${time}:00+01:00`);
const PRICE = { type: "product.price_dropped", severity: "info" };

test("quiet hours may be over midnight, by the clocks of their zone", () => {
  const isQuiet = quietHours("22:00 07:00 Europe/Berlin account.updated");
  assert.deepEqual(
    ["21:59", "22:00", "03:00", "06:59", "07:00"].map((time) => isQuiet(PRICE, at(time))),
    [false, true, true, true, false],
  );
  assert.equal(quietHours("12:00 13:00 Asia/Tokyo")(PRICE, at("04:30")), true);
  assert.equal(quietHours("12:00 13:00 Asia/Tokyo")(PRICE, at("12:30")), false);
});

test("what is critical and what protects an account is shown all the same", () => {
  const isQuiet = quietHours("00:00 23:59 UTC account.updated");
  assert.equal(isQuiet(PRICE, at("12:00")), true);
  assert.equal(isQuiet({ type: "account.updated", severity: "info" }, at("12:00")), false);
  assert.equal(isQuiet({ type: "a", severity: "critical" }, at("12:00")), false);
});

test("without hours nothing is quiet, and an unknown zone is the browser's", () => {
  assert.equal(quietHours()(PRICE, at("12:00")), false);
  assert.equal(quietHours("")(PRICE, at("12:00")), false);
  assert.equal(typeof quietHours("00:00 23:59 No/Where")(PRICE, at("12:00")), "boolean");
});
