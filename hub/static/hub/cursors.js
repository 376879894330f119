/**
 * The cursors that a browser remembers: per user, the position up to which everything was handled.
 *
 * @typedef {{epoch: string, position: number}} Cursor
 */

const KEY = "hub.cursors";
const MAX_USERS = 8; // remembered in one browser; beyond it, the least recent one is forgotten
const ANONYMOUS = "anonymous";

/**
 * Parse `epoch:position`, the form in which a page carries it.
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
   * @param {Storage | null} storage null, or a storage that throws, remembers nothing
   * @param {() => number} now wall clock, ms
   */
  constructor(storage, now = Date.now) {
    this.#storage = storage;
    this.#now = now;
  }

  /**
   * @param {string} user primary key, empty for an anonymous visitor
   * @param {number} [age] ms; an older cursor is not returned
   * @returns {Cursor | null}
   */
  read(user, age = Infinity) {
    const { epoch, position, at } = this.#all()[user || ANONYMOUS] ?? {};
    if (typeof epoch !== "string" || !Number.isSafeInteger(position)) return null;
    return this.#now() - at <= age ? { epoch, position } : null;
  }

  /**
   * Remember a cursor unless a higher one of its epoch is known: another tab may be ahead. A cursor
   * of another epoch replaces the known one. Raising to the same position renews the age.
   * @param {string} user
   * @param {Cursor} cursor
   */
  raise(user, cursor) {
    const known = this.read(user);
    if (known?.epoch === cursor.epoch && known.position > cursor.position) return;
    this.replace(user, cursor);
  }

  /**
   * Remember a cursor, even below the known one: the known position does not exist in the log.
   * @param {string} user
   * @param {Cursor} cursor
   */
  replace(user, { epoch, position }) {
    const all = this.#all();
    all[user || ANONYMOUS] = { epoch, position, at: this.#now() };
    const newest = Object.entries(all).sort(([, one], [, other]) => other.at - one.at);
    this.#save(Object.fromEntries(newest.slice(0, MAX_USERS)));
  }

  /** @param {string} user */
  forget(user) {
    const all = this.#all();
    delete all[user || ANONYMOUS];
    this.#save(all);
  }

  #all() {
    try {
      const all = JSON.parse(this.#storage?.getItem(KEY) ?? "{}");
      return all !== null && typeof all === "object" ? all : {};
    } catch {
      return {}; // the storage is switched off, or holds something else: nothing is known
    }
  }

  #save(all) {
    try {
      this.#storage?.setItem(KEY, JSON.stringify(all));
    } catch (error) {
      // Full, or switched off. Each page still starts at its own position.
      console.warn("The hub could not store its position:", error);
    }
  }
}
