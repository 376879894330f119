/** The number of unseen events on the bell, in the page's title and on the app's icon. */
import { first } from "../dom.js";
import { counted, text } from "../texts.js";

const COUNTED = 100; // as on the server: from here on it is "99+"

export class Bell {
  #bell;
  #count;
  #title = document.title;

  /** @param {HTMLElement | null} bell with the count in `data-hub-bell`; null on a page without it */
  constructor(bell) {
    this.#bell = bell;
    this.#count = Number(bell?.dataset.hubBell) || 0;
    if (bell) this.show(this.#count);
  }

  /**
   * Do something else than to follow the link to the inbox, unless that is the page.
   * @param {(link: HTMLAnchorElement) => Promise<void>} act
   */
  onPress(act) {
    const link = /** @type {HTMLAnchorElement | null} */ (this.#bell);
    if (!link || link.ariaCurrent || !("popover" in HTMLElement.prototype)) return;
    link.ariaHasPopup = "dialog";
    link.ariaExpanded = "false";
    link.addEventListener("click", (event) => {
      if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      act(link).catch((error) => {
        console.warn("The panel could not be opened:", error);
        location.href = link.href;
      });
    });
  }

  /** Count a new event. */
  add() {
    this.show(this.#count + 1);
  }

  /** @param {number} count unseen events */
  show(count) {
    if (!this.#bell?.isConnected) return;
    this.#count = count;
    const shown = count >= COUNTED ? `${COUNTED - 1}+` : String(count || "");
    const badge = first(this.#bell, ".hub-badge");
    badge.textContent = shown;
    badge.hidden = shown === "";
    const label = shown ? counted("Inbox, {count} new", "Inbox, {count} new", count, shown) : text("Inbox");
    this.#bell.setAttribute("aria-label", label);
    document.title = shown ? `(${shown}) ${this.#title}` : this.#title;
    // Where the site is installed as an app. Browsers may refuse it, which harms nothing.
    navigator.setAppBadge?.(count).catch(() => {});
  }

  /** The page no longer belongs to its user: the app's icon tells nothing any more. */
  end() {
    navigator.clearAppBadge?.().catch(() => {});
  }
}
