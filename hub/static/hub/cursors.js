/**
 * What a browser remembers: per person, up to which position of which log all was handled.
 *
 * @typedef {{epoch: string, position: number}} Cursor
 */

const KEY = "hub.cursors";
const MAX_PEOPLE = 8; // remembered in one browser; beyond it, who was here longest ago is forgotten
const ANONYMOUS = "anonymous";

/**
 * Reads `epoch:position`, as a page carries it.
 * @param {string | undefined} text
 * @returns {Cursor | null}
 */
export function parseCursor(text) {
  const [, epoch, position] = /^(.+):(\d+)$/.exec(text ?? "") ?? [];
  return epoch ? { epoch, position: Number(position) } : null;
}

export class Cursors {
  #storage;
  #now;

  /**
   * @param {Storage | null} storage kept across pages; null (or one that refuses) remembers nothing
   * @param {() => number} now wall clock, ms
   */
  constructor(storage, now = Date.now) {
    this.#storage = storage;
    this.#now = now;
  }

  /**
   * @param {string} person primary key, empty for nobody
   * @param {number} [age] ms; one that was remembered longer ago is not returned
   * @returns {Cursor | null}
   */
  read(person, age = Infinity) {
    const { epoch, position, at } = this.#all()[person || ANONYMOUS] ?? {};
    if (typeof epoch !== "string" || !Number.isSafeInteger(position)) return null;
    return this.#now() - at <= age ? { epoch, position } : null;
  }

  /**
   * Remember a cursor. It only rises within an epoch, since another tab may be ahead; a cursor of
   * another epoch replaces it. Raising it to where it is renews its age.
   * @param {string} person
   * @param {Cursor} cursor
   */
  raise(person, cursor) {
    const known = this.read(person);
    if (known?.epoch === cursor.epoch && known.position > cursor.position) return;
    this.replace(person, cursor);
  }

  /**
   * Remember a cursor whatever was known: the log said that ours was not one of its positions.
   * @param {string} person
   * @param {Cursor} cursor
   */
  replace(person, { epoch, position }) {
    const all = this.#all();
    all[person || ANONYMOUS] = { epoch, position, at: this.#now() };
    const newest = Object.entries(all).sort(([, one], [, other]) => other.at - one.at);
    this.#save(Object.fromEntries(newest.slice(0, MAX_PEOPLE)));
  }

  /** @param {string} person */
  forget(person) {
    const all = this.#all();
    delete all[person || ANONYMOUS];
    this.#save(all);
  }

  #all() {
    try {
      const all = JSON.parse(this.#storage?.getItem(KEY) ?? "{}");
      return all !== null && typeof all === "object" ? all : {};
    } catch {
      return {}; // storage is switched off, or someone else wrote there: as if nothing was known
    }
  }

  #save(all) {
    try {
      this.#storage?.setItem(KEY, JSON.stringify(all));
    } catch (error) {
      // Full, or switched off. The page's own position still starts each page.
      console.warn("The hub could not remember its position:", error);
    }
  }
}
