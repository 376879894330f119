/** A toast on screen: its element, the time that it has left, and whether it was seen. */

const SEEN_AFTER = 2_000; // ms on screen in a visible tab, after which an event counts as seen

export class DrawnToast {
  node;
  #entry;
  #does;
  #timer = null;
  #since = null; // wall clock, ms; null while its time stands still
  #seenTimer = null;

  /**
   * @param {import("./toast_queue.js").Entry} entry
   * @param {HTMLElement} node
   * @param {object} does
   * @param {(told: import("./toast_board.js").Told) => void} does.tell tells the board
   * @param {(position: number) => void} does.seen called for each event that the user has seen
   */
  constructor(entry, node, does) {
    this.#entry = entry;
    this.node = node;
    this.#does = does;
  }

  get entry() {
    return this.#entry;
  }

  /** Another text where it stands. */
  change(entry, node) {
    this.stop();
    this.#entry = entry;
    this.node.replaceWith(node);
    this.node = node;
  }

  /** Its time runs. */
  run() {
    if (this.#since !== null || !Number.isFinite(this.#entry.left)) return;
    this.#since = Date.now();
    this.#timer = setTimeout(() => this.#tell("gone"), this.#entry.left);
  }

  /** Its time stands still; the board is told how much is left. */
  hold() {
    if (this.#since === null) return;
    clearTimeout(this.#timer);
    this.spend();
    this.#since = null;
    this.#does.tell({ did: "held", uid: this.#entry.uid, left: this.#entry.left });
  }

  /** Take off the time that has passed. */
  spend() {
    if (this.#since === null) return;
    const now = Date.now();
    this.#entry.left = Math.max(0, this.#entry.left - Math.max(0, now - this.#since));
    this.#since = now;
  }

  stop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#seenTimer);
    this.#since = null;
  }

  /** Count as seen after SEEN_AFTER in a visible tab, from now on. */
  watchSeen() {
    clearTimeout(this.#seenTimer);
    // What a summary sums up was not read.
    if (document.hidden || this.#entry.seen || this.#entry.alike) return;
    this.#seenTimer = setTimeout(() => this.markSeen(), SEEN_AFTER);
  }

  markSeen() {
    if (this.#entry.seen) return;
    this.#entry.seen = true;
    this.#tell("seen");
    for (const id of this.#entry.ids) this.#does.seen(id);
  }

  #tell(did) {
    this.#does.tell({ did, uid: this.#entry.uid });
  }
}
