/**
 * The toasts of a browser: those on screen, those that wait, and what the next page takes over. No
 * DOM, no timers.
 *
 * @typedef {object} Entry one toast
 * @property {string} uid names it in messages between tabs
 * @property {object} frame the event that it shows, or the summary of several
 * @property {number[]} ids positions of the events that it shows
 * @property {number} left ms left on screen
 * @property {number} revision grows when the frame changes
 * @property {number} [announced] the revision that was read to the user
 * @property {string[]} [alike] what it sums up: keys, or identities of events without one
 * @property {boolean} [handedOver] whether it was on screen on the previous page
 * @property {boolean} [unattended] whether it came while nobody looked at a tab
 * @property {boolean} [seen] whether the user has seen it
 */

export const MAX_SHOWN = 4; // toasts on screen at once, where the height allows; the others wait
export const MAX_ALIKE = 3; // toasts of one type; more become one that sums them up
const MAX_UNATTENDED = 2; // that wait for the user's return; more become one
export const MAX_WAITING = 20; // further ones are only counted: all of them are in the inbox
const MAX_SUMMED = 1_000; // events that a summary tells apart
const MAX_SHOWN_IDS = 200; // remembered, so that no event is shown twice
const HANDED_IDS = 50; // of these, handed to the next page
const HANDOVER_AGE = 30_000; // ms between two pages; older toasts are not shown again
const MIN_LEFT = 2_000; // ms that a toast which is handed over keeps at least
const MIN_LIFETIME = 6_000; // ms on screen
const MAX_LIFETIME = 12_000; // ms on screen
const READING_TIME = 60; // ms per character
const CRITICAL_LIFETIME = 30_000; // ms on screen
const FIELDS = "id epoch type severity title body url key keep_body actions image".split(" ");

/** The ms that a toast stays on screen: long enough to read it twice; with actions, until closed. */
export function lifetime({ severity, title, body = "", actions = [] }) {
  if (actions.length > 0) return Infinity;
  if (severity === "critical") return CRITICAL_LIFETIME;
  const reading = (title.length + body.length) * READING_TIME;
  return Math.min(MAX_LIFETIME, Math.max(MIN_LIFETIME, reading));
}

const isObject = (value) => typeof value === "object" && value !== null;
const isOptional = (value, is) => value === undefined || is(value);
const isText = (value) => typeof value === "string";
const listOf = (value, is) => (Array.isArray(value) ? value.filter(is) : []);

function isFrame(value) {
  return (
    isObject(value) &&
    isText(value.title) &&
    isOptional(value.body, isText) &&
    isOptional(value.actions, (actions) => Array.isArray(actions) && actions.every(isObject))
  );
}

/** Where an entry is stored as JSON, Infinity becomes null. */
const isEntry = (value) =>
  isObject(value) &&
  isFrame(value.frame) &&
  (Number.isFinite(value.left) || (value.left === null && lifetime(value.frame) === Infinity));

const isCritical = ({ frame }) => frame.severity === "critical";
const isOrdinary = (entry) => !isCritical(entry) && !(entry.frame.actions?.length > 0);

export class ToastQueue {
  /** @type {Entry[]} */ shown = [];
  /** @type {Entry[]} */ waiting = [];
  /** How many were dropped beyond MAX_WAITING. */
  more = 0;
  #ids = new Set();
  #capacity = MAX_SHOWN;
  #summaryOf;
  #last = 0;

  /** @param {(type: string, count: number) => object} summaryOf the frame that sums up events */
  constructor(summaryOf) {
    this.#summaryOf = summaryOf;
  }

  /** How many toasts fit on the screen. The newest ordinary ones wait again if there are more. */
  set capacity(number) {
    this.#capacity = Math.min(MAX_SHOWN, Math.max(1, number));
    while (this.shown.length > this.#capacity) {
      const last = this.shown.findLastIndex((entry) => !isCritical(entry));
      this.waiting.unshift(...this.shown.splice(last < 0 ? -1 : last, 1));
    }
    this.#fill();
  }

  /**
   * Add an event.
   * @param {object} frame
   * @param {{unattended?: boolean}} [how] unattended: nobody looks at a tab
   * @returns {boolean} false if it was added before
   */
  add(frame, { unattended = false } = {}) {
    if (!this.#isNew(frame)) return false;
    const kept = Object.fromEntries(
      FIELDS.filter((name) => frame[name] !== undefined).map((name) => [name, frame[name]]),
    );
    const same = this.#all.find((entry) => !entry.alike && hasKey(entry, kept.key));
    if (same) this.#update(same, kept);
    else this.#enter({ ...this.#entry(kept), ...(unattended ? { unattended } : {}) });
    this.#fill();
    return true;
  }

  /** Take an entry away, which lets the next waiting one on screen. Returns it, if it was there. */
  remove(uid) {
    const found = this.find(uid);
    this.shown = this.shown.filter((entry) => entry !== found);
    this.waiting = this.waiting.filter((entry) => entry !== found);
    if (this.shown.length === 0 && this.waiting.length === 0 && this.more > 0) {
      this.#enter(this.#entry(this.#summaryOf("", this.more)));
      this.more = 0;
    }
    this.#fill();
    return found;
  }

  /** @returns {Entry | undefined} */
  find(uid) {
    return this.#all.find((entry) => entry.uid === uid);
  }

  /** The user looks at a tab again: what came meanwhile is one toast, unless it is little. */
  attend() {
    const missed = this.#all.filter((entry) => entry.unattended && isOrdinary(entry));
    if (missed.length > MAX_UNATTENDED) this.#sumUp(missed, "away");
    for (const entry of this.#all) delete entry.unattended;
    this.#fill();
  }

  /** Forget all: the pages no longer belong to this user. */
  clear() {
    this.shown = [];
    this.waiting = [];
    this.more = 0;
  }

  /** The number of events that are not on screen. */
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
    for (const identity of listOf(packed.seen, isText)) this.#remember(identity);
    if (!(age <= HANDOVER_AGE)) return;
    const taken = ({ frame, left, ids, seen, alike, announced, revision }) => ({
      ...this.#entry(frame),
      ids: listOf(ids, Number.isSafeInteger),
      left: left ?? Infinity,
      ...(seen === true ? { seen } : {}),
      ...(announced !== undefined && announced === revision ? { announced: 1 } : {}),
      ...(Array.isArray(alike) ? { alike: listOf(alike, isText) } : {}),
    });
    const entries = listOf(packed.shown, isEntry)
      .map(taken)
      .map((entry) => ({ ...entry, left: running ? entry.left - age : entry.left }))
      .filter(({ left }) => left > 0)
      .map((entry) => ({ ...entry, left: Math.max(entry.left, MIN_LEFT), handedOver: true }));
    this.shown = [...entries, ...this.shown];
    this.waiting = [...listOf(packed.waiting, isEntry).map(taken), ...this.waiting];
    if (Number.isSafeInteger(packed.more) && packed.more > 0) this.more += packed.more;
    this.#fill();
  }

  get #all() {
    return [...this.shown, ...this.waiting];
  }

  #entry(frame) {
    this.#last += 1;
    const ids = frame.id === undefined ? [] : [frame.id];
    return { uid: `t${this.#last}`, frame, ids, left: lifetime(frame), revision: 1 };
  }

  /** The text changes where it stands. The earlier body may tell what was before. */
  #update(entry, frame) {
    const body = frame.keep_body ? entry.frame.body : frame.body;
    entry.frame = { ...frame, ...(body === undefined ? {} : { body }) };
    if (frame.id !== undefined) entry.ids.push(frame.id);
    entry.left = lifetime(entry.frame);
    entry.revision += 1;
    delete entry.seen;
  }

  #enter(entry) {
    if (isCritical(entry)) {
      this.#push(entry);
      return;
    }
    this.waiting.push(entry);
    const { type } = entry.frame;
    const alike = this.#all.filter((one) => type && one.frame.type === type && isOrdinary(one));
    if (alike.length > MAX_ALIKE || alike.some((one) => one.alike)) this.#sumUp(alike, type);
  }

  /** One entry for several, where the first of them stands. */
  #sumUp(entries, type) {
    const [first, ...others] = entries;
    const known = new Set(entries.flatMap(identities));
    first.alike = [...known].slice(-MAX_SUMMED);
    first.ids = [];
    first.frame = { ...this.#summaryOf(type, first.alike.length), type };
    first.left = lifetime(first.frame);
    first.revision += 1;
    delete first.seen;
    const gone = new Set(others);
    this.shown = this.shown.filter((entry) => !gone.has(entry));
    this.waiting = this.waiting.filter((entry) => !gone.has(entry));
  }

  /** A critical event replaces the newest toast that is not critical, which waits again. */
  #push(entry) {
    const last = this.shown.findLastIndex((one) => !isCritical(one));
    if (this.shown.length >= this.#capacity && last >= 0) {
      this.waiting.unshift(...this.shown.splice(last, 1));
    }
    this.waiting.unshift(entry);
  }

  #fill() {
    while (this.shown.length < this.#capacity && this.waiting.length > 0) {
      this.shown.push(this.waiting.shift());
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

function hasKey({ frame }, key) {
  return key !== undefined && frame.key === key;
}

/** What tells the events of an entry apart in a summary: ten prices of one product are one. */
function identities({ uid, frame, alike }) {
  return alike ?? [frame.key ?? (frame.id === undefined ? uid : `${frame.epoch}:${frame.id}`)];
}
