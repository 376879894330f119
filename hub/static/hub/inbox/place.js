import { all, first } from "../dom.js";

/** Where the user is in the list: the focus, the scroll position, and what is unfolded. */
export class Place {
  #root;
  #scroller;
  #row;
  #index;
  #action;
  #anchor;
  #open;

  /**
   * @param {HTMLElement} root with the rows
   * @param {Element} scroller the element that scrolls
   */
  constructor(root, scroller) {
    this.#root = root;
    this.#scroller = scroller;
    const focused = first(root, ":focus");
    const rows = all(root, ".hub-item");
    this.#row = focused?.closest(".hub-item")?.id;
    this.#index = rows.findIndex((row) => row.id === this.#row);
    this.#action = focused && (focused.dataset.action ?? focused.localName);
    const anchor = rows.find((one) => one.getBoundingClientRect().bottom > 0);
    this.#anchor = anchor && { id: anchor.id, top: anchor.getBoundingClientRect().top };
    this.#open = all(root, ".hub-item-earlier[open]").map(
      (details) => details.closest(".hub-item").id,
    );
  }

  restore() {
    for (const id of this.#open) {
      const details = document.getElementById(id)?.querySelector(".hub-item-earlier");
      if (details) details.setAttribute("open", "");
    }
    const anchor = this.#anchor && document.getElementById(this.#anchor.id);
    if (anchor && this.#scroller.scrollTop > 0) {
      this.#scroller.scrollTop += anchor.getBoundingClientRect().top - this.#anchor.top;
    }
    if (!this.#action) return;
    // The row has gone: the one that takes its place, else the last one, else the list.
    const rows = all(this.#root, ".hub-item");
    const row = document.getElementById(this.#row) ?? rows[this.#index] ?? rows.at(-1);
    const target =
      (row && first(row, `[data-action="${this.#action}"], summary`)) ??
      first(this.#root, ".hub-tabs a[aria-current]");
    target?.focus({ preventScroll: true });
  }
}
