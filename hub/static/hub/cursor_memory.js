/**
 * Where a page of this browser resumes, and how far its events are handled: the cursors of the
 * browser and of the tab, from one page to the next.
 *
 * @typedef {import("./cursors.js").Cursor} Cursor
 */
import { Cursors } from "./cursors.js";

const TAB_CURSOR_AGE = 60_000; // ms; a tab's cursor is meant for its next page only
const WRITE_DELAY = 16; // ms, one frame: a replay does not write the storage for each event

export class CursorMemory {
  /** What earlier pages of this browser have handled. @type {Cursor | null} */
  handled = null;

  #user;
  #environment;
  #browser;
  #tab;
  #cursor = null; // to be written
  #timer = null;

  /**
   * @param {string} user primary key, empty for an anonymous visitor
   * @param {{storage?: Storage | null, tabStorage?: Storage | null}} storages
   * @param {object} environment now, setTimeout, clearTimeout
   */
  constructor(user, { storage = null, tabStorage = null }, environment) {
    this.#user = user;
    this.#environment = environment;
    this.#browser = new Cursors(storage, environment.now);
    this.#tab = new Cursors(tabStorage, environment.now);
  }

  /**
   * Where to resume. The tab's own cursor comes before the browser's: nobody has seen yet what a
   * hidden tab has handled. A page can be older than the cursor, after the back button or when the
   * previous page went on while this one was rendered. It still needs the events in between for
   * what it shows; `handled` marks them, so that no toast appears twice.
   * @param {Cursor | null} page where the page was rendered
   * @param {Cursor | null} cursor where this page's stream has come to
   * @returns {Cursor | null}
   */
  resume(page, cursor) {
    if (cursor) {
      this.handled = this.#tab.read(this.#user) ?? this.handled;
      return cursor;
    }
    const remembered =
      this.#tab.read(this.#user, TAB_CURSOR_AGE) ?? this.#browser.read(this.#user);
    this.handled = remembered;
    if (!page || !remembered || page.epoch !== remembered.epoch) return page ?? remembered;
    return page.position < remembered.position ? page : remembered;
  }

  /** The stream starts at this cursor; unless `recovered`, it may be below the known one. */
  start(cursor, recovered) {
    for (const cursors of [this.#browser, this.#tab]) {
      if (recovered) cursors.raise(this.#user, cursor);
      else cursors.replace(this.#user, cursor);
    }
  }

  /** Everything up to here is handled. It is stored a frame later, or by `write`. */
  advance(cursor) {
    this.#cursor = cursor;
    this.#timer ??= this.#environment.setTimeout(this.write, WRITE_DELAY);
  }

  /** Store now what has advanced: the page is left. */
  write = () => {
    if (this.#timer === null) return;
    this.#environment.clearTimeout(this.#timer);
    this.#timer = null;
    this.#browser.raise(this.#user, this.#cursor);
    this.#tab.raise(this.#user, this.#cursor);
  };

  /** Forget this user: the account is gone. */
  forget() {
    this.#browser.forget(this.#user);
    this.#tab.forget(this.#user);
  }
}
