/** The inbox by single keys, as its help sheet lists them. */
import { all, first } from "../dom.js";

export class InboxKeys {
  #root;
  /** @type {HTMLDialogElement} */
  #sheet = document.querySelector("dialog.hub-keys");

  /** @param {HTMLElement} root with the rows */
  constructor(root) {
    this.#root = root;
  }

  start() {
    document.addEventListener("keydown", (event) => this.#press(event));
    const button = first(document, "[data-hub-keys]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => this.#sheet.showModal());
  }

  #press(event) {
    const { key, target, ctrlKey, metaKey, altKey, defaultPrevented } = event;
    if (defaultPrevented || ctrlKey || metaKey || altKey || isTyped(target)) return;
    if (this.#sheet.open) return;
    const act = {
      j: () => this.#move(1),
      k: () => this.#move(-1),
      e: () => this.#click("archive"),
      u: () => this.#click("read"),
      z: () => first(this.#root, "[data-action=undo]")?.click(),
      "/": () => first(this.#root, ".hub-tabs a")?.focus(),
      "?": () => this.#sheet.showModal(),
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

  #click(action) {
    const row = all(this.#root, ".hub-item").find((one) => one.contains(document.activeElement));
    const button = row && first(row, `[data-action=${action}]`);
    if (!button) return;
    button.focus({ preventScroll: true });
    button.click();
  }
}

function isTyped(target) {
  return target.matches?.("input, textarea, select, [contenteditable]") ?? false;
}
