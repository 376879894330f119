/** What the routes of all processes did in the last minute. No DOM. */
import { quantile } from "./samples.js";

const MINUTE = 60; // seconds
const MAX_ROUTES = 200; // per second; further ones are ignored

/**
 * @typedef {object} Row
 * @property {string} route
 * @property {number} count
 * @property {number} errors
 * @property {number | null} mean ms
 * @property {number | null} p95 ms
 * @property {number} total ms that all its timed requests took together
 */

export class Routes {
  /** @type {Map<number, Map<string, ReturnType<typeof nothing>>>} by second */
  #seconds = new Map();

  /**
   * @param {object} sample data of a `metrics.sample` event
   * @param {number} now ms
   */
  add({ routes = {}, route_details: details = [] }, now) {
    const second = Math.floor(now / 1000);
    for (const old of this.#seconds.keys()) {
      if (old <= second - MINUTE - 2 || old > second + MINUTE) this.#seconds.delete(old);
    }
    const slot = this.#seconds.get(second) ?? new Map();
    this.#seconds.set(second, slot);
    Object.entries(routes).forEach(([route, count], index) => {
      if (!slot.has(route) && slot.size >= MAX_ROUTES) return;
      const [errors = 0, ms = 0, latencies = {}] = details[index] ?? [];
      const tally = slot.get(route) ?? nothing();
      slot.set(route, tally);
      tally.count += count;
      tally.errors += errors;
      tally.total += ms;
      for (const [bucket, times] of Object.entries(latencies)) {
        increase(tally.latencies, Number(bucket), times);
      }
    });
  }

  /** @param {number} now ms @returns {Row[]} in no order */
  rows(now) {
    const sums = new Map();
    const end = Math.floor(now / 1000) - 1; // the samples of the current second are not all there
    for (const [second, slot] of this.#seconds) {
      if (second > end || second <= end - MINUTE) continue;
      for (const [route, tally] of slot) {
        const sum = sums.get(route) ?? nothing();
        sums.set(route, sum);
        sum.count += tally.count;
        sum.errors += tally.errors;
        sum.total += tally.total;
        for (const [bucket, times] of tally.latencies) increase(sum.latencies, bucket, times);
      }
    }
    return [...sums].map(([route, { count, errors, total, latencies }]) => {
      const timed = [...latencies.values()].reduce((one, other) => one + other, 0);
      const mean = timed ? total / timed : null;
      return { route, count, errors, mean, p95: quantile(latencies, 0.95), total };
    });
  }
}

function nothing() {
  return { count: 0, errors: 0, total: 0, latencies: new Map() };
}

function increase(counts, key, by) {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
