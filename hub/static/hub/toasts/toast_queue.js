/**
 * The toasts on screen, those that wait, and what the next page takes over. No DOM, no timers.
 *
 * @typedef {object} Entry one toast
 * @property {object} frame the event that it shows
 * @property {number} left ms left on screen
 * @property {boolean} [handedOver] whether it was on screen on the previous page
 * @property {boolean} [seen] whether the user has seen it
 */

export const MAX_SHOWN = 4; // toasts on screen at once; the others wait
export const MAX_SHOWN_NARROW = 2; // where four would cover the page
export const MAX_WAITING = 20; // further ones are only counted: all of them are in the inbox
const MAX_SHOWN_IDS = 200; // remembered, so that no event is shown twice
const HANDED_IDS = 50; // of these, handed to the next page
const HANDOVER_AGE = 30_000; // ms between two pages; older toasts are not shown again
const MIN_LEFT = 2_000; // ms that a toast which is handed over keeps at least
const MIN_LIFETIME = 6_000; // ms on screen
const MAX_LIFETIME = 12_000; // ms on screen
const READING_TIME = 60; // ms per character
const CRITICAL_LIFETIME = 30_000; // ms on screen
const FIELDS = "id epoch type severity title body url key actions image".split(" ");

/** The ms that a toast stays on screen: long enough to read it twice. */
export function lifetime({ severity, title, body = "" }) {
  if (severity === "critical") return CRITICAL_LIFETIME;
  const reading = (title.length + body.length) * READING_TIME;
  return Math.min(MAX_LIFETIME, Math.max(MIN_LIFETIME, reading));
}

const isObject = (value) => typeof value === "object" && value !== null;
const isOptional = (value, is) => value === undefined || is(value);
const listOf = (value, is) => (Array.isArray(value) ? value.filter(is) : []);

function isFrame(value) {
  return (
    isObject(value) &&
    typeof value.title === "string" &&
    isOptional(value.body, (body) => typeof body === "string") &&
    isOptional(value.actions, (actions) => Array.isArray(actions) && actions.every(isObject))
  );
}

function isEntry(value) {
  return isObject(value) && isFrame(value.frame) && Number.isFinite(value.left);
}

const isCritical = ({ severity }) => severity === "critical";

export class ToastQueue {
  /** @type {Entry[]} */ shown = [];
  /** @type {object[]} */ waiting = [];
  /** How many were dropped beyond MAX_WAITING. */
  more = 0;
  #ids = new Set();
  #maxShown;

  /** @param {number} maxShown toasts on screen at once */
  constructor(maxShown = MAX_SHOWN) {
    this.#maxShown = maxShown;
  }

  /**
   * Add an event.
   * @returns {boolean} false if it was added before
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

  /** Take an entry off the screen, which lets the next waiting one on. */
  remove(entry) {
    this.shown = this.shown.filter((one) => one !== entry);
    this.#fill();
  }

  /** Keep critical events only: the page no longer belongs to this user. */
  clear() {
    this.shown = this.shown.filter(({ frame }) => isCritical(frame));
    this.waiting = this.waiting.filter(isCritical);
    this.more = 0;
    this.#fill();
  }

  /** The number of toasts that are not on screen. */
  get hidden() {
    return this.waiting.length + this.more;
  }

  /** What the next page takes over, as plain data. */
  pack() {
    const { shown, waiting, more } = this;
    return { shown, waiting, more, seen: [...this.#ids].slice(-HANDED_IDS) };
  }

  /**
   * Take over what the previous page packed. Anything in it of another shape counts as absent: it
   * comes from the browser's storage, where other code and other releases write as well.
   * @param {object} packed
   * @param {number} age ms since it was packed
   * @param {boolean} running whether the lifetime of its toasts went on meanwhile
   */
  unpack(packed, age, running) {
    const isText = (value) => typeof value === "string";
    for (const identity of listOf(packed.seen, isText)) this.#remember(identity);
    if (!(age <= HANDOVER_AGE)) return;
    const entries = listOf(packed.shown, isEntry)
      .map(({ frame, left, seen }) => ({ frame, seen, left: running ? left - age : left }))
      .filter(({ left }) => left > 0)
      .map((entry) => ({ ...entry, left: Math.max(entry.left, MIN_LEFT), handedOver: true }));
    this.shown = [...entries, ...this.shown];
    this.waiting = [...listOf(packed.waiting, isFrame), ...this.waiting];
    if (Number.isSafeInteger(packed.more) && packed.more > 0) this.more += packed.more;
    this.#fill();
  }

  /** A critical event replaces the newest toast that is not critical, which waits again. */
  #push(frame) {
    const last = this.shown.findLastIndex((entry) => !isCritical(entry.frame));
    if (this.shown.length >= this.#maxShown && last >= 0) {
      const [entry] = this.shown.splice(last, 1);
      this.waiting.unshift(entry.frame);
    }
    this.waiting.unshift(frame);
  }

  #fill() {
    while (this.shown.length < this.#maxShown && this.waiting.length > 0) {
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
    if (this.#ids.has(identity)) return false;
    this.#ids.add(identity);
    if (this.#ids.size > MAX_SHOWN_IDS) this.#ids.delete(this.#ids.values().next().value);
    return true;
  }
}
