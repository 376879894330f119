/** The delay before the next attempt, with full jitter to spread many clients over time. */

const FIRST = 500; // ms, the bound of the first delay
const LONGEST = 20_000; // ms, the bound that delays never exceed

export class Backoff {
  #random;
  #failures = 0;

  /** @param {() => number} random returns a number from 0 up to, but not including, 1 */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /** @returns {number} ms, uniform between 0 and a bound that doubles with each call */
  next() {
    const bound = Math.min(LONGEST, FIRST * 2 ** this.#failures);
    this.#failures += 1;
    return this.#random() * bound;
  }

  /** Start from the first bound again, after a connection that held. */
  reset() {
    this.#failures = 0;
  }
}
