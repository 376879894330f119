/** How long to wait before the next attempt: full jitter spreads a crowd that comes back. */

const FIRST = 500; // ms, the longest wait before the first new attempt
const LONGEST = 20_000; // ms, the longest wait ever

export class Backoff {
  #random;
  #failures = 0;

  /** @param {() => number} random gives a number from 0 to below 1 */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /** @returns {number} ms to wait, uniform between 0 and a bound that doubles each time */
  next() {
    const bound = Math.min(LONGEST, FIRST * 2 ** this.#failures);
    this.#failures += 1;
    return this.#random() * bound;
  }

  /** The last connection was a good one: start from the shortest wait again. */
  reset() {
    this.#failures = 0;
  }
}
