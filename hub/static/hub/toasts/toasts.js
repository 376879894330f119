/**
 * Shows toasts in the page's two live regions and hands those that are left to the next page.
 *
 * Their lifetime stands still while the pointer or the focus is on them, and in a hidden tab.
 */
import { element } from "../dom.js";
import { text } from "../texts.js";
import { toastElement } from "./toast.js";
import { MAX_SHOWN, MAX_SHOWN_NARROW, ToastQueue } from "./toast_queue.js";

const KEY = "hub.toasts";
const NARROW = "(max-width: 30rem)";
const SEEN_AFTER = 2_000; // ms on screen in a visible tab, after which an event counts as seen

export class Toasts {
  #root;
  #regions;
  #line;
  #storage;
  #user;
  #inbox;
  #seen;
  #queue = new ToastQueue(matchMedia(NARROW).matches ? MAX_SHOWN_NARROW : MAX_SHOWN);
  #drawn = new Map(); // entry -> {node, timer, since, seenTimer}
  #hovered = false;
  #focused = false;
  #gone = false; // the page was left, and its toasts with it
  #cameFrom = null; // the element that had the focus before a toast

  /**
   * @param {HTMLElement} root gets a status and an alert region at once: screen readers often skip
   *   text that enters the page together with its region
   * @param {object} options
   * @param {Storage | null} options.storage hands toasts to the next page
   * @param {string} options.user primary key
   * @param {string} options.inbox path of the inbox
   * @param {(frame: object) => void} options.seen called once for each event that the user has seen
   */
  constructor(root, { storage, user, inbox, seen }) {
    this.#root = root;
    this.#regions = { status: region("status"), alert: region("alert") };
    root.append(...Object.values(this.#regions));
    this.#storage = storage;
    this.#user = user;
    this.#inbox = inbox;
    this.#seen = seen;
    this.#line = element("p", "hub-toasts-more");
    this.#line.hidden = true;
    root.append(this.#line);
    this.#listen();
    this.#takeOver();
  }

  /** Show an event, unless it was shown before. */
  show(frame) {
    if (this.#queue.add(frame)) this.#draw();
  }

  /** Keep critical toasts only and hand nothing on: the page no longer belongs to its user. */
  clear() {
    this.#queue.clear();
    this.#user = null;
    try {
      this.#storage?.removeItem(KEY);
    } catch (error) {
      console.warn("The stored toasts could not be removed:", error);
    }
    this.#draw();
  }

  get #paused() {
    return this.#hovered || this.#focused || document.hidden;
  }

  #draw() {
    for (const [entry, { node, timer, seenTimer }] of this.#drawn) {
      if (this.#queue.shown.includes(entry)) continue;
      clearTimeout(timer);
      clearTimeout(seenTimer);
      node.remove();
      this.#drawn.delete(entry);
    }
    for (const entry of this.#queue.shown) if (!this.#drawn.has(entry)) this.#append(entry);
    this.#count();
    this.#store();
  }

  #append(entry) {
    const node = toastElement(entry.frame, () => this.#dismiss(entry));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#dismiss(entry);
    });
    node.addEventListener("click", ({ target }) => {
      if (target.closest("a")) this.#markSeen(entry);
    });
    node.dataset.handedOver = String(entry.handedOver === true);
    const region = entry.frame.severity === "critical" ? "alert" : "status";
    this.#regions[region].append(node);
    this.#drawn.set(entry, { node, timer: null, since: null, seenTimer: null });
    this.#watchSeen(entry);
    if (!this.#paused) this.#run(entry);
  }

  /** Wait until the toast has been on screen for SEEN_AFTER without the tab being hidden. */
  #watchSeen(entry) {
    const drawn = this.#drawn.get(entry);
    clearTimeout(drawn.seenTimer);
    if (!document.hidden && !entry.seen) {
      drawn.seenTimer = setTimeout(() => this.#markSeen(entry), SEEN_AFTER);
    }
  }

  #markSeen(entry) {
    if (entry.seen) return;
    entry.seen = true;
    this.#seen(entry.frame);
  }

  #run(entry) {
    const drawn = this.#drawn.get(entry);
    if (drawn.since !== null) return;
    drawn.since = Date.now();
    drawn.timer = setTimeout(() => this.#remove(entry), entry.left);
  }

  #pause(entry) {
    const drawn = this.#drawn.get(entry);
    clearTimeout(drawn.timer);
    this.#spend(entry);
    drawn.since = null;
  }

  #spend(entry) {
    const drawn = this.#drawn.get(entry);
    if (drawn.since === null) return;
    const now = Date.now();
    entry.left -= Math.max(0, now - drawn.since);
    drawn.since = now;
  }

  #pauseOrRun() {
    if (this.#gone) return;
    const act = this.#paused ? (entry) => this.#pause(entry) : (entry) => this.#run(entry);
    for (const entry of this.#drawn.keys()) act(entry);
    this.#store();
  }

  #remove(entry) {
    this.#queue.remove(entry);
    if (this.#queue.shown.length === 0 && this.#queue.more > 0) {
      const count = this.#queue.more;
      this.#queue.more = 0;
      const title =
        count === 1 ? text("1 more notification") : text("{count} more notifications", { count });
      this.#queue.add({ type: "", severity: "info", title, url: this.#inbox });
    }
    this.#draw();
  }

  /** Closed by the user: a focus inside moves to the next toast, or back to where it was. */
  #dismiss(entry) {
    this.#markSeen(entry);
    const hadFocus = this.#drawn.get(entry)?.node.contains(document.activeElement);
    this.#remove(entry);
    if (hadFocus) {
      const next = this.#root.querySelector(".hub-toast-close");
      if (next) next.focus();
      else if (this.#cameFrom?.isConnected) this.#cameFrom.focus();
      this.#focused = next !== null; // removing a focused node need not send focusout
    }
    this.#hovered = this.#root.matches(":hover");
    this.#pauseOrRun();
  }

  #count() {
    const { hidden } = this.#queue;
    this.#line.hidden = hidden === 0;
    const link = element(this.#inbox ? "a" : "span", "", text("{count} more", { count: hidden }));
    if (this.#inbox) link.href = this.#inbox;
    this.#line.replaceChildren(link);
  }

  #listen() {
    const hover = (inside) => () => {
      this.#hovered = inside;
      this.#pauseOrRun();
    };
    this.#root.addEventListener("pointerenter", hover(true));
    this.#root.addEventListener("pointerleave", hover(false));
    this.#root.addEventListener("focusin", ({ relatedTarget }) => {
      if (!this.#focused) this.#cameFrom = relatedTarget;
      this.#focused = true;
      this.#pauseOrRun();
    });
    this.#root.addEventListener("focusout", ({ relatedTarget }) => {
      this.#focused = this.#root.contains(relatedTarget);
      this.#pauseOrRun();
    });
    document.addEventListener("visibilitychange", () => {
      if (!this.#gone) for (const entry of this.#drawn.keys()) this.#watchSeen(entry);
      this.#pauseOrRun();
    });
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", ({ persisted }) => {
      if (persisted) this.#takeOver();
    });
  }

  /** The page is left: its toasts go to the next page, even if the back button shows it again. */
  #leave() {
    for (const [entry, { seenTimer }] of this.#drawn) {
      this.#pause(entry);
      clearTimeout(seenTimer);
    }
    this.#store(false);
    // Browsers send visibilitychange after pagehide: it must not overwrite what is stored.
    this.#gone = true;
    for (const { node } of this.#drawn.values()) node.remove();
    this.#drawn.clear();
    this.#queue.shown = [];
    this.#queue.waiting = [];
    this.#queue.more = 0;
  }

  /** Store at every change, because the next page may start before this one has ended. */
  #store(running = !this.#paused) {
    if (this.#gone || this.#user === null || !this.#storage) return;
    for (const entry of this.#drawn.keys()) this.#spend(entry);
    const kept = {
      person: this.#user,
      at: Date.now(),
      running,
      ...this.#queue.pack(),
    };
    try {
      this.#storage.setItem(KEY, JSON.stringify(kept));
    } catch (error) {
      console.warn("The toasts could not be stored for the next page:", error);
    }
  }

  #takeOver() {
    this.#gone = false;
    this.#hovered = false;
    let kept = null;
    try {
      kept = JSON.parse(this.#storage?.getItem(KEY) ?? "null");
    } catch (error) {
      console.warn("The toasts of the previous page could not be read:", error);
    }
    if (this.#user !== null && kept?.person === this.#user) {
      this.#queue.unpack(kept, Math.max(0, Date.now() - kept.at), kept.running === true);
    }
    this.#draw();
  }
}

function region(role) {
  const node = element("div", `hub-toasts-${role}`);
  node.setAttribute("role", role);
  return node;
}
