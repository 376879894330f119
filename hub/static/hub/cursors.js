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

function isEntry(value) {
  const { epoch, position, at } = value ?? {};
  return typeof epoch === "string" && Number.isSafeInteger(position) && Number.isFinite(at);
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
   * @returns {Cursor | null}
   */
  read(user) {
    const { epoch, position } = this.#all()[user || ANONYMOUS] ?? {};
    return epoch === undefined ? null : { epoch, position };
  }

  /**
   * Remember a cursor unless a higher one of its epoch is known: another tab may be ahead. A cursor
   * of another epoch replaces the known one.
   * @param {string} user
   * @param {Cursor} cursor
   */
  raise(user, cursor) {
    const all = this.#all();
    const known = all[user || ANONYMOUS];
    if (known?.epoch === cursor.epoch && known.position > cursor.position) return;
    this.#put(all, user, cursor);
  }

  /**
   * Remember a cursor, even below the known one: the known position does not exist in the log.
   * @param {string} user
   * @param {Cursor} cursor
   */
  replace(user, cursor) {
    this.#put(this.#all(), user, cursor);
  }

  /** @param {string} user */
  forget(user) {
    const all = this.#all();
    delete all[user || ANONYMOUS];
    this.#save(all);
  }

  #put(all, user, { epoch, position }) {
    all[user || ANONYMOUS] = { epoch, position, at: this.#now() };
    const newest = Object.entries(all).sort(([, one], [, other]) => other.at - one.at);
    this.#save(Object.fromEntries(newest.slice(0, MAX_USERS)));
  }

  /** What is stored, without entries of another shape: other releases may have written them. */
  #all() {
    try {
      const all = JSON.parse(this.#storage?.getItem(KEY) ?? "{}") ?? {};
      return Object.fromEntries(Object.entries(all).filter(([, entry]) => isEntry(entry)));
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
