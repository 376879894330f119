/**
 * The toasts of all tabs of a browser: which events become one, and which tab shows them.
 *
 * They are on screen in one tab, the one that the user looks at, and gone everywhere once they are
 * closed, followed or have run out there. Time stands still for them while no tab is visible.
 *
 * @typedef {object} Told what a tab tells
 * @property {"gone" | "seen" | "held" | "announced"} did
 * @property {string} uid
 * @property {number} [left] ms on screen that are left, if it is held
 * @property {number} [revision] that was announced
 */
import { counted, text } from "../texts.js";
import { MissedSummary } from "./missed_summary.js";
import { ToastQueue } from "./toast_queue.js";

export class ToastBoard {
  #queue;
  #missed;
  #inbox = "";
  #summaries = {};
  #draw;
  #viewer = null;

  /** @param {(viewer: object | null, board: object) => void} draw shows the board in a tab */
  constructor(draw) {
    this.#draw = draw;
    this.#queue = new ToastQueue((type, count) => this.#summary(type, count));
    this.#missed = new MissedSummary(
      (frame) => this.show(frame),
      () => this.#inbox,
    );
  }

  /** @param {{inbox: string, summaries: Record<string, string>}} words of the site's pages */
  use({ inbox, summaries }) {
    this.#inbox = inbox;
    this.#summaries = summaries;
  }

  /** Show an event, unless it was shown before or is one of many that were missed. */
  add(frame) {
    if (!this.#missed.add(frame)) this.show(frame);
  }

  show(frame) {
    if (this.#queue.add(frame, { unattended: this.#viewer === null })) this.#show();
  }

  /** Some events cannot be had any more. */
  showMissed() {
    this.show({
      type: "hub.missed",
      key: "hub.missed",
      severity: "warning",
      title: text("You may have missed something"),
      body: text("This browser was away for too long to catch up. Everything is in the list."),
      url: this.#inbox,
    });
  }

  /** Another replay of what was missed begins. */
  restart() {
    this.#missed.restart();
  }

  /** The tab that the user looks at has changed, or its size. @param {object | null} viewer */
  look(viewer) {
    const before = this.#viewer;
    if (viewer?.capacity) this.#queue.capacity = viewer.capacity;
    this.#viewer = viewer;
    if (before !== null && before !== viewer) {
      this.#draw(before, { shown: [], hidden: 0, fresh: [], packed: this.#queue.pack() });
    }
    if (before === null && viewer !== null) this.#queue.attend();
    this.#show();
  }

  /** What a tab tells about a toast. @param {Told} told */
  tell({ did, uid, left, revision }) {
    const entry = this.#queue.find(uid);
    if (!entry) return;
    if (did === "gone") {
      this.#queue.remove(uid);
      this.#show();
    } else if (did === "seen") {
      entry.seen = true;
    } else if (did === "announced") {
      entry.announced = revision;
    } else if (did === "held" && Number.isFinite(left)) {
      entry.left = Math.min(entry.left, left);
    }
  }

  clear() {
    this.#queue.clear();
    this.#show();
  }

  /** As of `ToastQueue.unpack`. */
  unpack(packed, age, running) {
    this.#queue.unpack(packed, age, running);
    this.#show();
  }

  #show() {
    if (this.#viewer === null) return;
    const { shown, hidden } = this.#queue;
    const fresh = shown.filter(({ revision, announced }) => announced !== revision);
    this.#draw(this.#viewer, {
      shown,
      hidden,
      fresh: fresh.map(({ uid }) => uid),
      packed: this.#queue.pack(),
    });
  }

  #summary(type, count) {
    const texts = {
      "": counted("{count} more notification", "{count} more notifications", count),
      away: counted("{count} while you were away", "{count} while you were away", count),
    };
    const own = this.#summaries[type]?.replace("{count}", String(count));
    return {
      severity: "info",
      title:
        own ??
        texts[type] ??
        counted("{count} new notification", "{count} new notifications", count),
      url: this.#inbox,
    };
  }
}
