/** Gathers old news that a returning browser is told of into one toast. */

const OLD = 5 * 60_000; // ms; younger events still get a toast of their own
const QUIET = 200; // ms without another one before the toast is shown

export class Digest {
  #show;
  #inbox;
  #count = 0;
  #timer = null;

  /** @param {(frame: object) => void} show @param {string} inbox where all of it can be read */
  constructor(show, inbox) {
    this.#show = show;
    this.#inbox = inbox;
  }

  /** @returns {boolean} whether this event is told of in the digest, not by itself */
  takes({ replayed, at }) {
    if (!replayed || Date.now() - Date.parse(at) <= OLD) return false;
    this.#count += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), QUIET);
    return true;
  }

  /** Another replay begins. What is counted and not told yet is told together with its events. */
  restart() {
    if (this.#timer === null) this.#count = 0;
  }

  #tell() {
    this.#timer = null;
    const title = this.#count === 1 ? "1 new notification" : `${this.#count} new notifications`;
    this.#show({
      type: "hub.digest",
      key: "hub.digest",
      severity: "info",
      title,
      body: "From while you were away.",
      url: this.#inbox,
    });
  }
}
