/**
 * Which toasts are on screen, which wait, and what the next page is handed. No DOM, no timers.
 *
 * @typedef {object} Entry one toast
 * @property {object} frame what it shows
 * @property {number} left ms it has left on screen
 * @property {boolean} [handedOver] it was on screen on the page before
 */

export const MAX_SHOWN = 4; // on screen at once; the others wait
export const MAX_SHOWN_NARROW = 2; // where four would cover the page
export const MAX_WAITING = 20; // further ones are only counted: all of them are in the inbox
const MAX_SEEN = 200; // remembered so that nothing is shown twice
const HANDED_SEEN = 50; // of these, handed to the next page
const HANDOVER = 30_000; // ms that going from page to page may take
const READABLE = 2_000; // ms that a toast which is handed over keeps at least
const SHORTEST = 6_000; // ms on screen
const LONGEST = 12_000;
const PER_CHARACTER = 60; // ms to read one
const CRITICAL = 30_000; // ms, for what must not be overlooked
const FIELDS = "id epoch type severity title body url key actions image".split(" ");

/** ms that a toast stays on screen: long enough to read it twice. */
export function lifetime({ severity, title, body = "" }) {
  if (severity === "critical") return CRITICAL;
  const reading = (title.length + body.length) * PER_CHARACTER;
  return Math.min(LONGEST, Math.max(SHORTEST, reading));
}

const isCritical = ({ severity }) => severity === "critical";

export class Tray {
  /** @type {Entry[]} */ shown = [];
  /** @type {object[]} */ waiting = [];
  /** How many were neither shown nor kept. */
  more = 0;
  #seen = new Set();
  #most;

  /** @param {number} most how many are shown at once */
  constructor(most = MAX_SHOWN) {
    this.#most = most;
  }

  /**
   * Take a frame in.
   * @returns {boolean} false when it has been shown before
   */
  add(frame) {
    if (!this.#isNew(frame)) return false;
    const kept = Object.fromEntries(
      FIELDS.filter((name) => frame[name] !== undefined).map((name) => [name, frame[name]]),
    );
    const same = (other) => kept.key !== undefined && other.key === kept.key;
    const entry = this.shown.findIndex((one) => same(one.frame));
    const place = this.waiting.findIndex(same);
    if (entry >= 0) this.shown[entry] = { frame: kept, left: lifetime(kept) };
    else if (place >= 0) this.waiting[place] = kept;
    else if (isCritical(kept)) this.#push(kept);
    else this.waiting.push(kept);
    this.#fill();
    return true;
  }

  /** Take an entry off the screen; the next one that waits follows. */
  remove(entry) {
    this.shown = this.shown.filter((one) => one !== entry);
    this.#fill();
  }

  /** Keep only what must not be overlooked: the page is no longer this person's. */
  clear() {
    this.shown = this.shown.filter(({ frame }) => isCritical(frame));
    this.waiting = this.waiting.filter(isCritical);
    this.more = 0;
    this.#fill();
  }

  /** How many are not on screen. */
  get hidden() {
    return this.waiting.length + this.more;
  }

  /** What the next page needs, as plain data. */
  pack() {
    const { shown, waiting, more } = this;
    return { shown, waiting, more, seen: [...this.#seen].slice(-HANDED_SEEN) };
  }

  /**
   * Take over what another page packed.
   * @param {object} packed
   * @param {number} age ms since it was packed
   * @param {boolean} running whether its toasts' time went on meanwhile
   */
  unpack(packed, age, running) {
    for (const identity of packed.seen) this.#remember(identity);
    if (age > HANDOVER) return;
    const entries = packed.shown
      .map(({ frame, left }) => ({ frame, left: running ? left - age : left }))
      .filter(({ left }) => left > 0)
      .map(({ frame, left }) => ({ frame, left: Math.max(left, READABLE), handedOver: true }));
    this.shown = [...entries, ...this.shown];
    this.waiting = [...packed.waiting, ...this.waiting];
    this.more += packed.more;
    this.#fill();
  }

  /** What is critical does not wait behind what is not: the newest of those goes back in line. */
  #push(frame) {
    const last = this.shown.findLastIndex((entry) => !isCritical(entry.frame));
    if (this.shown.length >= this.#most && last >= 0) {
      const [entry] = this.shown.splice(last, 1);
      this.waiting.unshift(entry.frame);
    }
    this.waiting.unshift(frame);
  }

  #fill() {
    while (this.shown.length < this.#most && this.waiting.length > 0) {
      const frame = this.waiting.shift();
      this.shown.push({ frame, left: lifetime(frame) });
    }
    this.more += Math.max(0, this.waiting.length - MAX_WAITING);
    this.waiting.length = Math.min(this.waiting.length, MAX_WAITING);
  }

  #isNew({ epoch, id }) {
    return id === undefined || this.#remember(`${epoch}:${id}`);
  }

  #remember(identity) {
    if (this.#seen.has(identity)) return false;
    this.#seen.add(identity);
    if (this.#seen.size > MAX_SEEN) this.#seen.delete(this.#seen.values().next().value);
    return true;
  }
}
