import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { documentElement: { lang: "en" } };
const { showTimes } = await import("../../hub/static/hub/inbox/times.js");

const NOW = new Date(2026, 10, 26, 15, 0).getTime(); // the reader's own zone

function shown(minutes, dataset = {}) {
  const node = { dataset, dateTime: new Date(NOW - minutes * 60_000).toISOString() };
  showTimes({ querySelectorAll: () => [node] }, NOW);
  return node;
}

test("times are relative today, and the hour on other days, with the exact time on hover", () => {
  assert.equal(shown(0.5).textContent, "this minute");
  assert.equal(shown(3).textContent, "3 minutes ago");
  assert.equal(shown(130).textContent, "2 hours ago");
  assert.match(shown(24 * 60).textContent, /^3:00\s?PM$/);
  assert.match(shown(-60, { hubMoment: "" }).textContent, /^Nov 26, 2026, 4:00\s?PM$/);
  assert.match(shown(3).title, /^Thursday, November 26, 2026 at 2:57:00\s?PM$/);
});
