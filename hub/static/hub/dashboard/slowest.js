/** The slowest requests of all processes in the last minutes. No DOM. */
import { WINDOW } from "./samples.js";

const KEPT = 100; // of the window, the slowest: those shown grow old before the others
export const SHOWN = 10;

export class Slowest {
  /** @type {{at: number, milliseconds: number, id: string}[]} the slowest first */
  #kept = [];

  /** @param {object} sample data of a `metrics.sample` event @param {number} now ms */
  add({ slowest = [] }, now) {
    const known = new Set(this.#kept.map(({ id }) => id));
    const fresh = slowest.filter(({ id }) => !known.has(id)).map((one) => ({ ...one, seen: now }));
    this.#kept = [...this.#recent(now), ...fresh]
      .sort((one, other) => other.milliseconds - one.milliseconds)
      .slice(0, KEPT);
  }

  /** @param {number} now ms */
  rows(now) {
    this.#kept = this.#recent(now);
    return this.#kept.slice(0, SHOWN);
  }

  /** By the browser's clock, as the server's may differ. */
  #recent(now) {
    return this.#kept.filter(({ seen }) => now - seen < WINDOW * 1000);
  }
}
