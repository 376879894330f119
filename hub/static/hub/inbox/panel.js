/** The panel of the bell: the newest of the inbox, on any page. Without it, the bell is a link. */
import { element, first, linkOrText, onHub } from "../dom.js";
import { text } from "../texts.js";
import { InboxKeys } from "./keys.js";
import { InboxList } from "./inbox_list.js";
import { keepMenus } from "./menus.js";

const GAP = 8; // px between the bell and the panel

class BellPanel {
  #bell;
  #panel = element("div", "hub-page hub-bell-panel");
  #said = element("p", "hub-visually-hidden");
  #fresh = element("button", "hub-button hub-new");
  #root = element("div", "hub-inbox");
  #list;

  /** @param {HTMLAnchorElement} bell leads to the inbox; `data-hub-styles`: its style sheets */
  constructor(bell) {
    this.#bell = bell;
    for (const href of (bell.dataset.hubStyles ?? "").split(" ").filter(Boolean)) {
      const sheet = element("link");
      sheet.rel = "stylesheet";
      sheet.href = href;
      document.head.append(sheet);
    }
    this.#panel.popover = "auto"; // closed by Esc and by a press elsewhere
    this.#panel.tabIndex = -1;
    this.#panel.role = "dialog";
    this.#panel.ariaLabel = text("Inbox");
    this.#said.role = "status";
    this.#fresh.type = "button";
    this.#fresh.hidden = true;
    this.#root.textContent = text("Loading…");
    const head = element("div", "hub-bell-head");
    const title = element("h2", "", text("Inbox"));
    head.append(title, linkOrText(bell.href, text("Open the inbox")));
    this.#panel.append(head, this.#said, this.#fresh, this.#root);
    document.body.append(this.#panel);
    this.#list = new InboxList(this.#root, {
      url: bell.href,
      said: this.#said,
      fresh: this.#fresh,
      scroller: this.#panel,
    });
    this.#list.start();
    // It lies outside of what is emptied when the page's user has left.
    onHub("state", ({ signedOut }) => {
      if (signedOut) this.#panel.remove();
    });
    keepMenus(this.#root);
    new InboxKeys(this.#root).start();
    this.#root.addEventListener("click", (event) => this.#filter(event));
    this.#panel.addEventListener("toggle", (event) => {
      bell.ariaExpanded = String(/** @type {ToggleEvent} */ (event).newState === "open");
      this.#list.look();
    });
  }

  async toggle() {
    if (this.#panel.matches(":popover-open")) {
      this.#panel.hidePopover();
      return;
    }
    const { bottom, right } = this.#bell.getBoundingClientRect();
    this.#panel.style.setProperty("--hub-top", `${bottom + GAP}px`);
    this.#panel.style.setProperty("--hub-end", `${document.body.clientWidth - right}px`);
    this.#panel.showPopover();
    this.#panel.focus();
    await this.#load(this.#bell.href);
  }

  async #load(url) {
    if (await this.#list.load(url)) return;
    this.#root.replaceChildren(text("The inbox could not be fetched. Please try again."));
  }

  /** The filters and pages of the list are links; here they lead to what the panel shows. */
  #filter(event) {
    const link = event.target.closest(".hub-tabs a, .hub-pages a");
    if (!link) return;
    event.preventDefault();
    this.#load(link.href).then(() => first(this.#root, ".hub-tabs a[aria-current]")?.focus());
  }
}

let panel = null;

/** Open the panel of this bell, or close it. @param {HTMLAnchorElement} bell */
export function togglePanel(bell) {
  panel ??= new BellPanel(bell);
  return panel.toggle();
}
