import assert from "node:assert/strict";
import { test } from "node:test";

import { Routes } from "../../hub/static/hub/dashboard/routes.js";
import { SHOWN, Slowest } from "../../hub/static/hub/dashboard/slowest.js";

const START = 1_700_000_000_000; // ms
const bucket = (ms) => Math.ceil(Math.log(ms) / Math.log(1.02 / 0.98));
const by = (rows, route) => rows.find((row) => row.route === route);

test("routes are added up over processes and the last minute", () => {
  const routes = new Routes();
  routes.add({ routes: { "old/": 1000 } }, START - 70_000);
  const first = { "a/": 2, "b/": 1 };
  routes.add(
    {
      routes: first,
      route_details: [
        [1, 60, { [bucket(20)]: 1, [bucket(40)]: 1 }],
        [0, 0, {}],
      ],
    },
    START,
  );
  routes.add(
    { routes: { "a/": 3 }, route_details: [[0, 300, { [bucket(100)]: 3 }]] },
    START + 1000,
  );
  const rows = routes.rows(START + 2000);
  assert.equal(rows.length, 2);
  const { count, errors, mean, p95, total } = by(rows, "a/");
  assert.deepEqual([count, errors, mean, total], [5, 1, 72, 360]);
  assert.ok(Math.abs(p95 - 100) <= 2);
  assert.deepEqual([by(rows, "b/").mean, by(rows, "b/").p95], [null, null]);
  assert.deepEqual(routes.rows(START + 70_000), []);
});

test("a sample of an earlier version, which has no details, is counted", () => {
  const routes = new Routes();
  routes.add({ routes: { "a/": 2 } }, START);
  assert.equal(by(routes.rows(START + 1000), "a/").count, 2);
});

test("the slowest requests come first, once each, and grow old", () => {
  const slowest = new Slowest();
  const request = (id, milliseconds) => ({ id: String(id), milliseconds });
  for (let id = 0; id < 30; id += 1) {
    const sample = { slowest: [request(id, id)] };
    slowest.add(sample, START + id * 1000);
    slowest.add(sample, START + id * 1000);
  }
  const rows = slowest.rows(START + 30_000);
  assert.equal(rows.length, SHOWN);
  assert.deepEqual(
    rows.map(({ milliseconds }) => milliseconds),
    [29, 28, 27, 26, 25, 24, 23, 22, 21, 20],
  );
  assert.equal(slowest.rows(START + 326_000).length, 3);
  assert.equal(slowest.rows(START + 400_000).length, 0);
});
