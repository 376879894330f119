/**
 * The cursor of a browser whose tabs share a socket: where to resume, and how far events are
 * handled. The tabs keep it, because a worker has no storage.
 *
 * @typedef {import("../cursors.js").Cursor} Cursor
 */

const TELL_DELAY = 16; // ms, one frame: a replay does not write the storage for each event

export class SharedCursor {
  /** What earlier pages of this browser have handled. @type {Cursor | null} */
  handled;

  #environment;
  #tell;
  #cursor = null; // to be told
  #timer = null;

  /**
   * @param {Cursor | null} remembered by the tab that came first
   * @param {object} environment setTimeout, clearTimeout
   * @param {(what: {cursor: Cursor, recovered: boolean}) => void} tell tells the tabs what to keep
   */
  constructor(remembered, environment, tell) {
    this.handled = remembered;
    this.#environment = environment;
    this.#tell = tell;
  }

  /**
   * Where to resume. A page can be older than the cursor, after the back button or when the previous
   * page went on while this one was rendered. It still needs the events in between for what it
   * shows; `handled` marks them, so that no toast appears twice.
   * @param {Cursor | null} page where the first page was rendered
   * @param {Cursor | null} cursor where the stream has come to
   * @returns {Cursor | null}
   */
  resume(page, cursor) {
    if (cursor) return cursor;
    const remembered = this.handled;
    if (!page || !remembered || page.epoch !== remembered.epoch) return page ?? remembered;
    return page.position < remembered.position ? page : remembered;
  }

  /** The stream starts at this cursor; unless `recovered`, it may be below the known one. */
  start(cursor, recovered) {
    this.#tell({ cursor, recovered });
  }

  /** Everything up to here is handled. */
  advance(cursor) {
    this.#cursor = cursor;
    this.#timer ??= this.#environment.setTimeout(this.write, TELL_DELAY);
  }

  /** Tell now what has advanced. */
  write = () => {
    if (this.#timer === null) return;
    this.#environment.clearTimeout(this.#timer);
    this.#timer = null;
    this.#tell({ cursor: this.#cursor, recovered: true });
  };
}
