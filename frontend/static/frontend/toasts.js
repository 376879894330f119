/**
 * Shows toasts: in the page's two live regions, for their time, and over to the next page.
 *
 * Time stands still while the pointer or the focus is in the toasts, and while the tab is hidden.
 */
import { element, toastElement } from "./toast.js";
import { MAX_SHOWN, MAX_SHOWN_NARROW, Tray } from "./toast_queue.js";

const KEY = "hub.toasts";
const NARROW = "(max-width: 30rem)";

export class Toasts {
  #root;
  #regions;
  #line;
  #storage;
  #person;
  #inbox;
  #tray = new Tray(matchMedia(NARROW).matches ? MAX_SHOWN_NARROW : MAX_SHOWN);
  #drawn = new Map(); // entry -> {node, timer, since}
  #hovered = false;
  #focused = false;
  #gone = false; // the page was left and its toasts with it
  #cameFrom = null; // what had the focus before it went into a toast

  /**
   * @param {HTMLElement} root holds a role=status and a role=alert region already: text that enters
   *   together with its region is often not read out
   * @param {{storage: Storage | null, person: string, inbox: string}} options `inbox` is where all
   *   of it can be read
   */
  constructor(root, { storage, person, inbox }) {
    this.#root = root;
    this.#regions = {
      alert: root.querySelector("[role=alert]"),
      status: root.querySelector("[role=status]"),
    };
    this.#storage = storage;
    this.#person = person;
    this.#inbox = inbox;
    this.#line = element("p", "toasts-more");
    this.#line.hidden = true;
    root.append(this.#line);
    this.#listen();
    this.#receive();
  }

  /** Show an event's frame, unless it was shown before. */
  show(frame) {
    if (this.#tray.add(frame)) this.#draw();
  }

  /** The page is no longer this person's: only what is critical stays, nothing is handed on. */
  clear() {
    this.#tray.clear();
    this.#person = null;
    this.#storage?.removeItem(KEY);
    this.#draw();
  }

  get #held() {
    return this.#hovered || this.#focused || document.hidden;
  }

  #draw() {
    for (const [entry, { node, timer }] of this.#drawn) {
      if (this.#tray.shown.includes(entry)) continue;
      clearTimeout(timer);
      node.remove();
      this.#drawn.delete(entry);
    }
    for (const entry of this.#tray.shown) if (!this.#drawn.has(entry)) this.#enter(entry);
    this.#count();
    this.#keep();
  }

  #enter(entry) {
    const node = toastElement(entry.frame, () => this.#dismiss(entry));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#dismiss(entry);
    });
    node.dataset.handedOver = String(entry.handedOver === true);
    const region = entry.frame.severity === "critical" ? "alert" : "status";
    this.#regions[region].append(node);
    this.#drawn.set(entry, { node, timer: null, since: null });
    if (!this.#held) this.#run(entry);
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

  #holdOrRun() {
    if (this.#gone) return;
    const act = this.#held ? (entry) => this.#pause(entry) : (entry) => this.#run(entry);
    for (const entry of this.#drawn.keys()) act(entry);
    this.#keep();
  }

  #remove(entry) {
    this.#tray.remove(entry);
    if (this.#tray.shown.length === 0 && this.#tray.more > 0) {
      const count = this.#tray.more;
      this.#tray.more = 0;
      const title = count === 1 ? "1 more notification" : `${count} more notifications`;
      this.#tray.add({ type: "", severity: "info", title, url: this.#inbox });
    }
    this.#draw();
  }

  /** Closed by hand: a focus that was inside goes on to the next toast, or back where it was. */
  #dismiss(entry) {
    const hadFocus = this.#drawn.get(entry)?.node.contains(document.activeElement);
    this.#remove(entry);
    if (hadFocus) {
      const next = this.#root.querySelector(".toast-close");
      if (next) next.focus();
      else if (this.#cameFrom?.isConnected) this.#cameFrom.focus();
      this.#focused = next !== null; // a focused node that is removed need not send focusout
    }
    this.#hovered = this.#root.matches(":hover");
    this.#holdOrRun();
  }

  #count() {
    const { hidden } = this.#tray;
    this.#line.hidden = hidden === 0;
    const link = element("a", "", `${hidden} more`);
    link.href = this.#inbox;
    this.#line.replaceChildren(link);
  }

  #listen() {
    const hover = (inside) => () => {
      this.#hovered = inside;
      this.#holdOrRun();
    };
    this.#root.addEventListener("pointerenter", hover(true));
    this.#root.addEventListener("pointerleave", hover(false));
    this.#root.addEventListener("focusin", ({ relatedTarget }) => {
      if (!this.#focused) this.#cameFrom = relatedTarget;
      this.#focused = true;
      this.#holdOrRun();
    });
    this.#root.addEventListener("focusout", ({ relatedTarget }) => {
      this.#focused = this.#root.contains(relatedTarget);
      this.#holdOrRun();
    });
    document.addEventListener("visibilitychange", () => this.#holdOrRun());
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", ({ persisted }) => {
      if (persisted) this.#receive();
    });
  }

  /** The page goes, maybe to be shown again by the back button: its toasts move on, for good. */
  #leave() {
    for (const entry of this.#drawn.keys()) this.#pause(entry);
    this.#keep(false);
    // Browsers still send visibilitychange after pagehide: what was kept must not be emptied.
    this.#gone = true;
    for (const { node } of this.#drawn.values()) node.remove();
    this.#drawn.clear();
    this.#tray.shown = [];
    this.#tray.waiting = [];
    this.#tray.more = 0;
  }

  /** Kept at every change, because the next page may start before this one has ended. */
  #keep(running = !this.#held) {
    if (this.#gone || this.#person === null || !this.#storage) return;
    for (const entry of this.#drawn.keys()) this.#spend(entry);
    const kept = {
      person: this.#person,
      at: Date.now(),
      running,
      ...this.#tray.pack(),
    };
    try {
      this.#storage.setItem(KEY, JSON.stringify(kept));
    } catch (error) {
      console.warn("Toasts could not be kept for the next page:", error);
    }
  }

  #receive() {
    this.#gone = false;
    this.#hovered = false;
    let kept = null;
    try {
      kept = JSON.parse(this.#storage?.getItem(KEY) ?? "null");
    } catch (error) {
      console.warn("Toasts of the page before could not be read:", error);
    }
    if (kept?.person === this.#person) {
      this.#tray.unpack(kept, Math.max(0, Date.now() - kept.at), kept.running);
    }
    this.#draw();
  }
}
