/** The inbox by single keys, as its help sheet lists them. */
import { all, first } from "../dom.js";
import { openMenu } from "./menus.js";

export class InboxKeys {
  #root;
  #sheet;

  /**
   * @param {HTMLElement} root with the rows
   * @param {HTMLElement | null} [sheet] the dialog that lists the keys
   */
  constructor(root, sheet = null) {
    this.#root = root;
    this.#sheet = /** @type {HTMLDialogElement | null} */ (sheet);
  }

  start() {
    document.addEventListener("keydown", (event) => this.#press(event));
    const button = first(document, "[data-hub-keys]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => this.#sheet?.showModal());
  }

  #press(event) {
    const { key, target, ctrlKey, metaKey, altKey, defaultPrevented } = event;
    if (defaultPrevented || ctrlKey || metaKey || altKey || isTyped(target)) return;
    if (this.#sheet?.open || !this.#root.checkVisibility()) return;
    const act = {
      j: () => this.#move(1),
      k: () => this.#move(-1),
      e: () => this.#click("archive"),
      u: () => this.#click("read"),
      s: () => this.#snooze(),
      z: () => first(this.#root, "[data-action=undo]")?.click(),
      "/": () => first(this.#root, ".hub-tabs a")?.focus(),
      "?": () => this.#sheet?.showModal(),
    }[key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #move(by) {
    const rows = all(this.#root, ".hub-item");
    const current = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[current < 0 ? (by > 0 ? 0 : rows.length - 1) : current + by];
    if (!next) return;
    first(next, "[data-action=open]").focus();
    next.scrollIntoView({ block: "nearest" });
  }

  #snooze() {
    const menu = this.#row && first(this.#row, "details[data-action=snooze]");
    if (menu) openMenu(/** @type {HTMLDetailsElement} */ (menu));
  }

  /** The row with the focus. */
  get #row() {
    return all(this.#root, ".hub-item").find((row) => row.contains(document.activeElement));
  }

  #click(action) {
    const button = this.#row && first(this.#row, `[data-action=${action}]`);
    if (!button) return;
    button.focus({ preventScroll: true });
    button.click();
  }
}

function isTyped(target) {
  return target.matches?.("input, textarea, select, [contenteditable]") ?? false;
}
