/** The inbox by single keys, as its help sheet lists them. */

export class InboxKeys {
  #root;
  #sheet = document.querySelector(".hub-keys");

  /** @param {HTMLElement} root with the rows */
  constructor(root) {
    this.#root = root;
  }

  start() {
    document.addEventListener("keydown", (event) => this.#press(event));
    const button = document.querySelector("[data-hub-keys]");
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
      z: () => this.#root.querySelector("[data-action=undo]")?.click(),
      "/": () => this.#root.querySelector(".hub-tabs a")?.focus(),
      "?": () => this.#sheet.showModal(),
    }[key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #move(by) {
    const rows = [...this.#root.querySelectorAll(".hub-item")];
    const current = rows.indexOf(document.activeElement.closest(".hub-item"));
    const next = rows[current < 0 ? (by > 0 ? 0 : rows.length - 1) : current + by];
    const button = next?.querySelector("[data-action=open]");
    button?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  #click(action) {
    const row = document.activeElement.closest(".hub-item");
    const button = row?.querySelector(`[data-action=${action}]`);
    if (!button) return;
    button.focus({ preventScroll: true });
    button.click();
  }
}

function isTyped(target) {
  return target.matches?.("input, textarea, select, [contenteditable]") ?? false;
}
