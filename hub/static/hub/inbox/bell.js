/** The number of unseen events on the bell. New ones are counted here; the rest the server knows. */
import { pageData } from "../page_data.js";
import { text } from "../texts.js";

const COUNTED = 100; // as on the server: from here on it is "99+"
const REFRESH_DELAY = 300; // ms in which further changes join one request

export class Bell {
  #bell;
  #count;
  #timer = null;

  /** @param {HTMLElement | null} bell with the count in `data-hub-bell`; null on a page without it */
  constructor(bell) {
    this.#bell = bell;
    this.#count = Number(bell?.dataset.hubBell) || 0;
  }

  /** Count a new event. */
  add() {
    this.#show(this.#count + 1);
  }

  /** Ask the server for the number. */
  refresh() {
    const { hubUnseen } = pageData();
    if (!this.#bell || !hubUnseen) return;
    this.#timer ??= setTimeout(async () => {
      this.#timer = null;
      try {
        const response = await fetch(hubUnseen);
        if (response.ok) this.#show((await response.json()).unseen);
      } catch (error) {
        console.warn("The number of unseen events could not be fetched:", error);
      }
    }, REFRESH_DELAY);
  }

  #show(count) {
    if (!this.#bell) return;
    this.#count = count;
    const shown = count >= COUNTED ? `${COUNTED - 1}+` : String(count || "");
    const badge = this.#bell.querySelector(".hub-badge");
    badge.textContent = shown;
    badge.hidden = shown === "";
    const label = shown ? text("Inbox, {count} new", { count: shown }) : text("Inbox");
    this.#bell.setAttribute("aria-label", label);
  }
}
