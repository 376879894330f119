/** The menus of rows: one at a time, closed by Esc and by a press elsewhere. */
import { all, first } from "../dom.js";

/** @param {HTMLElement} root with the rows */
export function keepMenus(root) {
  const opened = () => /** @type {HTMLDetailsElement[]} */ (all(root, ".hub-menu[open]"));
  // Captured: `toggle` does not bubble.
  root.addEventListener("toggle", ({ target }) => {
    if (!isMenu(target)) return;
    for (const menu of opened()) if (menu !== target) menu.open = false;
    first(/** @type {Element} */ (target), ".hub-menu-sheet")?.scrollIntoView({ block: "nearest" });
  }, true);
  document.addEventListener("pointerdown", ({ target }) => {
    for (const menu of opened()) if (!menu.contains(/** @type {Node} */ (target))) menu.open = false;
  });
  root.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const menu = /** @type {Element} */ (target).closest(".hub-menu[open]");
    if (!menu) return;
    if (key === "Escape") {
      event.preventDefault();
      /** @type {HTMLDetailsElement} */ (menu).open = false;
      first(menu, "summary").focus();
    } else if (key === "Enter" && /** @type {Element} */ (target).matches("input")) {
      event.preventDefault(); // the form's first button is for another row
      first(menu, "[value=moment]").click();
    }
  });
}

/** Open a menu and go into it. @param {HTMLDetailsElement} menu */
export function openMenu(menu) {
  menu.open = true;
  first(menu, "button, input")?.focus();
}

function isMenu(target) {
  return target.matches(".hub-menu[open]");
}
