/** The newest events of a browser, for tabs whose page was rendered before them. */

const KEPT = 200; // events; a page that is older reads itself again

export class RecentEvents {
  #events = [];
  #start = null; // cursor: all events after it are kept

  /** The stream goes on at this cursor; unless `recovered`, there is a gap before it. */
  startAt(cursor, recovered) {
    if (recovered && this.#start?.epoch === cursor.epoch) return;
    this.clear();
    this.#start = cursor;
  }

  add(event) {
    if (event.id === undefined) return;
    this.#events.push(event);
    if (this.#events.length <= KEPT) return;
    const [gone] = this.#events.splice(0, 1);
    if (this.#start) this.#start = { epoch: this.#start.epoch, position: gone.id };
  }

  /**
   * @param {import("../cursors.js").Cursor | null} page where a page was rendered
   * @returns {{events: object[], complete: boolean}} events after it; complete: no other ones exist
   */
  after(page) {
    if (!page || page.epoch !== this.#start?.epoch) return { events: [], complete: true };
    const events = this.#events.filter(({ id }) => id > page.position);
    return { events, complete: page.position >= this.#start.position };
  }

  /** Forget the events of other topics: the user may have lost a right. @param {Set<string>} topics */
  keep(topics) {
    this.#events = this.#events.filter(({ topic }) => topics.has(topic));
  }

  clear() {
    this.#events = [];
    this.#start = null;
  }
}
