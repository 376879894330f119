import assert from "node:assert/strict";
import { test } from "node:test";

import { quantile, Samples, WINDOW } from "../../hub/static/hub/dashboard/samples.js";

const START = 1_700_000_000_000; // ms
const LN_GAMMA = Math.log(1.02 / 0.98);
const bucket = (ms) => Math.ceil(Math.log(ms) / LN_GAMMA);

function sample(more = {}) {
  return {
    process: "web:1",
    seconds: 1,
    requests: 10,
    in_flight: 2,
    statuses: { "2xx": 9, "5xx": 1 },
    latencies: { [bucket(20)]: 9 },
    routes: { "products/": 10 },
    ...more,
  };
}

const close = (found, exact) => assert.ok(Math.abs(found - exact) <= exact * 0.02, `${found}`);

test("a quantile of merged buckets lies within two percent", () => {
  const buckets = new Map();
  for (let ms = 1; ms <= 1000; ms += 1) {
    buckets.set(bucket(ms), (buckets.get(bucket(ms)) ?? 0) + 1);
  }
  close(quantile(buckets, 0.95), 950);
  close(quantile(buckets, 0.5), 500);
  assert.equal(quantile(new Map(), 0.95), null);
});

test("figures are sums over processes, and the percentile comes from all of them", () => {
  const samples = new Samples();
  samples.add(sample(), START);
  samples.add(sample({ process: "web:2", latencies: { [bucket(800)]: 3 } }), START + 300);
  const figures = samples.figures(START + 1500);
  assert.equal(figures.rate, 20);
  assert.equal(figures.errors, 2);
  assert.equal(figures.inFlight, 4);
  assert.equal(figures.processes, 2);
  close(figures.p95, 800); // 3 of 12 took 800 ms; the mean of both processes' own p95 is 410
});

test("samples that come a little early or late lie side by side", () => {
  const samples = new Samples();
  const seconds = [1, 0.995, 1.025, 0.98, 1.015, 0.995];
  [990, 1985, 3010, 3990, 5005, 6000].forEach((ms, index) => {
    samples.add(sample({ seconds: seconds[index] }), START + ms);
  });
  const { rate } = samples.columns(START + 8000);
  const heard = rate.filter((value) => value !== null);
  assert.equal(heard.length, 6);
  for (const value of heard) assert.ok(9.5 < value && value < 10.5, `${value}`);
});

test("each request is drawn once, however uneven the samples", () => {
  const samples = new Samples();
  let passed = 0;
  let sent = 0;
  for (const seconds of [1, 1.3, 0.7, 1, 4.6, 0.4, 1, 1, 2.2, 0.8, 1]) {
    passed += seconds;
    sent += 7;
    samples.add(sample({ seconds, requests: 7 }), START + passed * 1000);
  }
  const { rate } = samples.columns(START + 20_000);
  const drawn = rate.reduce((sum, value) => sum + (value ?? 0), 0);
  assert.ok(Math.abs(drawn - sent) < 0.1, `${drawn} of ${sent}`);
  assert.ok(Math.max(...rate) < 20);
});

test("a sample of a blocked process is spread over the seconds it covers", () => {
  const samples = new Samples();
  samples.add(sample({ seconds: 4, requests: 8 }), START);
  const { rate } = samples.columns(START + 1000);
  assert.deepEqual(rate.slice(-5), [null, 2, 2, 2, 2]);
});

test("seconds without a sample are gaps, and the unfinished second is left out", () => {
  const samples = new Samples();
  samples.add(sample(), START);
  samples.add(sample(), START + 5000);
  const { seconds, rate } = samples.columns(START + 5900);
  assert.equal(seconds.length, WINDOW);
  assert.equal(seconds.at(-1), START / 1000 + 4);
  assert.deepEqual(rate.slice(-6), [null, 10, null, null, null, null]);
});

test("the percentile of a second covers the ten seconds up to it", () => {
  const samples = new Samples();
  samples.add(sample({ latencies: { [bucket(500)]: 1 } }), START);
  for (let second = 1; second <= 12; second += 1) {
    samples.add(sample({ latencies: { [bucket(10)]: 1 } }), START + second * 1000);
  }
  const { p95 } = samples.columns(START + 13_000);
  close(p95.at(-4), 500); // the slow answer is nine seconds back
  close(p95.at(-3), 10);
});

test("a process that falls silent is not counted any more, and forgotten in the end", () => {
  const samples = new Samples();
  samples.add(sample(), START);
  assert.equal(samples.figures(START + 3000).processes, 1);
  assert.equal(samples.figures(START + 3001).processes, 0);
  assert.equal(samples.processes(START + 3001)[0].isLive, false);
  samples.add(sample({ process: "web:2" }), START + 61_000);
  assert.deepEqual(
    samples.processes(START + 61_000).map(({ name }) => name),
    ["web:2"],
  );
});

test("hours of samples take no more than the window", () => {
  const samples = new Samples();
  for (let second = 0; second < 3600; second += 1) samples.add(sample(), START + second * 1000);
  const { rate } = samples.columns(START + 3600 * 1000);
  assert.equal(rate.length, WINDOW);
  assert.ok(rate.every((value) => value === 10));
});

test("the age says how long ago the last sample came", () => {
  const samples = new Samples();
  assert.equal(samples.age(START), null);
  samples.add(sample(), START);
  assert.equal(samples.age(START + 1234), 1234);
});
