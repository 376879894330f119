/**
 * Shows toasts in the tab that the user looks at. Which ones, the board of all tabs decides.
 *
 * Their lifetime stands still while the pointer or the focus is on them. New ones are added on top
 * and nothing below moves; one that is closed leaves its place empty until the pointer has left.
 */
import { all, element, first, linkOrText } from "../dom.js";
import { counted, text } from "../texts.js";
import { Announcer } from "./announcer.js";
import { DrawnToast } from "./drawn_toast.js";
import { showFailure, toastElement } from "./toast.js";
import { MAX_SHOWN } from "./toast_queue.js";
import { ToastStorage } from "./toast_storage.js";

const HOTKEY = "F8"; // moves the focus to the newest toast, and back
const HEIGHT = 100; // px of a toast, for the number of those that fit
const SHARE = 0.6; // of the window's height that toasts may cover
const SHARE_NARROW = 0.4; // where they are as wide as the window
const NARROW = 480; // px

export class Toasts {
  #root;
  #list;
  #line;
  #announcer;
  #storage;
  #inbox;
  #seen;
  #tell;
  #post;
  /** @type {Map<string, DrawnToast>} by uid */
  #shown = new Map();
  #announcing = new Map(); // uid -> revision
  #packed = null; // what the board hands on; null until it was drawn on this page
  #hovered = false;
  #focused = false;
  #gone = false; // the page was left, and its toasts with it
  #cameFrom = null; // the element that had the focus before a toast

  /**
   * @param {HTMLElement} root a section of the page
   * @param {object} options
   * @param {Storage | null} options.storage hands toasts to the next page
   * @param {string} options.user primary key
   * @param {string} options.inbox path of the inbox
   * @param {(position: number) => void} options.seen called for each event that the user has seen
   * @param {(told: import("./toast_board.js").Told) => void} options.tell tells the board
   * @param {(url: string) => Promise<Response>} options.post sends an action of a toast
   */
  constructor(root, { storage, user, inbox, seen, tell, post }) {
    this.#root = root;
    root.setAttribute("aria-label", text("New notifications"));
    this.#list = element("ol", "hub-toasts-list");
    this.#line = element("p", "hub-toasts-more");
    this.#line.hidden = true;
    root.append(this.#line, this.#list);
    this.#announcer = new Announcer(document.body);
    this.#storage = new ToastStorage(storage, user);
    this.#inbox = inbox;
    this.#seen = seen;
    this.#tell = tell;
    this.#post = post;
    this.#listen();
  }

  /** How many toasts fit into the window. */
  get capacity() {
    const room = innerHeight * (innerWidth <= NARROW ? SHARE_NARROW : SHARE);
    return Math.max(1, Math.min(MAX_SHOWN, Math.floor(room / HEIGHT)));
  }

  /** What the previous page of this tab has stored for this one, or null. */
  get stored() {
    return this.#storage.read();
  }

  /**
   * Draw the board.
   * @param {{shown: object[], hidden: number, fresh: string[], packed: object | null}} board
   */
  show({ shown, hidden, fresh, packed }) {
    if (this.#gone) return;
    this.#packed = packed;
    const present = new Set(shown.map(({ uid }) => uid));
    for (const [uid, drawn] of this.#shown) if (!present.has(uid)) this.#erase(uid, drawn);
    for (const entry of shown) {
      const drawn = this.#shown.get(entry.uid);
      if (!drawn) this.#append(entry);
      else if (drawn.entry.revision !== entry.revision) this.#change(drawn, entry);
      if (fresh.includes(entry.uid)) this.#announce(entry);
    }
    this.#count(hidden);
    this.#store();
  }

  /** Remove all and hand nothing on: the page no longer belongs to its user. */
  clear() {
    this.#storage.end();
    this.#announcer.clear();
    this.show({ shown: [], hidden: 0, fresh: [], packed: null });
  }

  get #paused() {
    return this.#hovered || this.#focused || document.hidden;
  }

  /** The board may be drawn again before this was said. */
  #announce({ uid, revision, frame }) {
    if (this.#announcing.get(uid) === revision) return;
    this.#announcing.set(uid, revision);
    this.#announcer.add(frame, () => {
      this.#announcing.delete(uid);
      this.#tell({ did: "announced", uid, revision });
    });
  }

  #append(entry) {
    const does = { tell: this.#tell, seen: this.#seen };
    const drawn = new DrawnToast(entry, this.#element(entry), does);
    this.#list.prepend(drawn.node);
    this.#shown.set(entry.uid, drawn);
    this.#begin(drawn);
  }

  #begin(drawn) {
    drawn.watchSeen();
    if (!this.#paused) drawn.run();
  }

  /** Another text where the toast stands; its size stays while the pointer may be on it. */
  #change(drawn, entry) {
    const hadFocus = drawn.node.contains(document.activeElement);
    const node = this.#element(entry);
    node.dataset.handedOver = "true"; // it does not come in again
    if (this.#hovered) node.style.height = `${drawn.node.offsetHeight}px`;
    drawn.change(entry, node);
    if (hadFocus) first(node, ".hub-toast-close").focus();
    this.#begin(drawn);
  }

  #element(entry) {
    const node = toastElement(entry.frame, {
      close: () => this.#dismiss(entry.uid),
      act: (action) => this.#act(entry.uid, action),
    });
    node.addEventListener("click", ({ target }) => {
      if (!(target instanceof Element && target.closest("a"))) return;
      this.#shown.get(entry.uid)?.markSeen();
      this.#tell({ did: "gone", uid: entry.uid });
    });
    node.dataset.handedOver = String(entry.handedOver === true);
    return node;
  }

  #erase(uid, drawn) {
    drawn.stop();
    this.#shown.delete(uid);
    if (this.#hovered && drawn.node.isConnected) {
      const gap = element("li", "hub-toast-gap");
      gap.style.height = `${drawn.node.offsetHeight}px`;
      gap.setAttribute("aria-hidden", "true");
      drawn.node.replaceWith(gap);
    } else {
      drawn.node.remove();
    }
  }

  #pauseOrRun() {
    if (!this.#hovered) {
      for (const gap of this.#list.querySelectorAll(".hub-toast-gap")) gap.remove();
      for (const { node } of this.#shown.values()) node.style.height = "";
    }
    for (const drawn of this.#shown.values()) {
      if (this.#paused) {
        drawn.hold();
      } else {
        drawn.run();
      }
    }
    this.#store();
  }

  /** Closed by the user: a focus inside moves to the next toast, or back to where it was. */
  #dismiss(uid) {
    const drawn = this.#shown.get(uid);
    if (!drawn) return;
    drawn.markSeen();
    if (drawn.node.contains(document.activeElement)) {
      const other = all(this.#list, ".hub-toast").find((node) => node !== drawn.node);
      if (other) first(other, ".hub-toast-close").focus();
      else this.#returnFocus();
    }
    this.#erase(uid, drawn);
    this.#tell({ did: "gone", uid });
    this.#pauseOrRun();
  }

  /** A button of the toast: it is sent to the site, and the toast stays if that fails. */
  async #act(uid, { url }) {
    const drawn = this.#shown.get(uid);
    if (!drawn) return;
    let done = false;
    try {
      const response = await this.#post(url);
      done = response.ok || response.type === "opaqueredirect";
    } catch (error) {
      console.warn("A toast's action could not be sent:", error);
    }
    if (done) this.#dismiss(uid);
    else showFailure(drawn.node, text("That did not work. Please try again."));
  }

  #returnFocus() {
    this.#focused = false;
    if (this.#cameFrom?.isConnected) this.#cameFrom.focus();
    else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }

  #count(hidden) {
    this.#line.hidden = hidden === 0;
    const words = counted("{count} more", "{count} more", hidden);
    this.#line.replaceChildren(linkOrText(this.#inbox, words));
  }

  #listen() {
    const hover = (inside) => () => {
      this.#hovered = inside;
      this.#pauseOrRun();
    };
    this.#root.addEventListener("pointerenter", hover(true));
    this.#root.addEventListener("pointerleave", hover(false));
    const isInside = (target) => target instanceof Node && this.#root.contains(target);
    this.#root.addEventListener("focusin", ({ relatedTarget }) => {
      if (!this.#focused && !isInside(relatedTarget)) this.#cameFrom = relatedTarget;
      this.#focused = true;
      this.#pauseOrRun();
    });
    this.#root.addEventListener("focusout", ({ relatedTarget }) => {
      this.#focused = isInside(relatedTarget);
      this.#pauseOrRun();
    });
    document.addEventListener("keydown", (event) => this.#press(event));
    document.addEventListener("visibilitychange", () => {
      if (this.#gone) return;
      for (const drawn of this.#shown.values()) drawn.watchSeen();
      this.#pauseOrRun();
    });
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      this.#gone = false;
      this.#packed = null;
      this.#hovered = false;
      this.#focused = false;
    });
  }

  /** Escape closes the toast that has the focus, or the newest one. */
  #press(event) {
    const newest = first(this.#list, ".hub-toast");
    if (event.defaultPrevented || !newest) return;
    if (event.key === HOTKEY) {
      event.preventDefault();
      if (this.#root.contains(document.activeElement)) this.#returnFocus();
      else first(newest, ".hub-toast-close").focus();
    } else if (event.key === "Escape" && !event.target.closest?.("dialog, [popover]")) {
      const node = event.target.closest?.(".hub-toast") ?? newest;
      for (const [uid, drawn] of this.#shown) {
        if (drawn.node !== node) continue;
        event.preventDefault();
        this.#dismiss(uid);
      }
    }
  }

  /** The page is left: its toasts go to the next page, even if the back button shows it again. */
  #leave() {
    for (const drawn of this.#shown.values()) drawn.hold();
    this.#store(false);
    // Browsers send visibilitychange after pagehide: it must not overwrite what is stored.
    this.#gone = true;
    for (const drawn of this.#shown.values()) {
      drawn.stop();
      drawn.node.remove();
    }
    this.#shown.clear();
  }

  /** Store at every change, because the next page may start before this one has ended. */
  #store(running = !this.#paused) {
    // Until the board was drawn, what the page before has stored is what the next one needs.
    if (this.#gone || this.#packed === null) return;
    for (const drawn of this.#shown.values()) drawn.spend();
    const left = new Map([...this.#shown].map(([uid, { entry }]) => [uid, entry]));
    const shown = this.#packed.shown.map((entry) => left.get(entry.uid) ?? entry);
    this.#storage.write({ ...this.#packed, shown }, running);
  }
}
