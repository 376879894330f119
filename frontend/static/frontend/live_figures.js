/**
 * Keeps the figures of an open page, the elements marked `data-live`, up to date.
 *
 * Events carry the changes while the page is connected. Ephemeral events are not replayed, so after
 * a gap the page is fetched again.
 */
import { parseCursor } from "../hub/cursors.js";
import { pageData } from "../hub/page_data.js";

const SPREAD = 3_000; // ms over which many browsers fetch their pages again after a restart
const EUROS = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const FIGURES = {
  "product.price_dropped": ({ new_price }) => ({ price: euros(new_price) }),
  "product.changed": ({ price, stock }) => ({ price: euros(price), stock }),
  "product.viewed": ({ count }) => ({ count }),
};

export class LiveFigures {
  #topics;
  #changed = new Map(); // figure -> time of the event that set it
  #fetched = null; // cursor of the page that was fetched last
  #timer = null;
  #stale = false;
  #ended = false;

  /** @param {Iterable<string>} topics of the page; events of other topics are ignored */
  constructor(topics) {
    this.#topics = new Set(topics);
    document.addEventListener("visibilitychange", () => {
      if (this.#stale) this.refresh();
    });
  }

  /** Show the figures of an event, unless the page shows the same or newer ones. */
  apply(frame) {
    const figures = FIGURES[frame.type]?.(frame.data ?? {});
    if (!figures || !this.#topics.has(frame.topic) || this.#ended) return;
    if (frame.seenByPage || this.#fetchedAfter(frame)) return;
    for (const [name, value] of Object.entries(figures)) {
      if (value === undefined || frame.at < (this.#changed.get(name) ?? "")) continue;
      this.#changed.set(name, frame.at);
      write(name, String(value));
    }
  }

  /** Fetch the page's figures again after a random delay; in a hidden tab, once it is visible. */
  refresh() {
    if (this.#timer !== null || this.#ended || !document.querySelector("[data-live]")) return;
    this.#stale = document.hidden;
    if (this.#stale) return;
    this.#timer = setTimeout(async () => {
      try {
        await this.#fetch();
      } catch (error) {
        console.warn("The page's figures could not be fetched:", error);
      } finally {
        this.#timer = null;
      }
    }, Math.random() * SPREAD);
  }

  /** Stop: the page no longer belongs to its user. */
  end() {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #fetch() {
    const before = new Map(this.#changed);
    const response = await fetch(location.href, { headers: { "X-Hub-Refresh": "1" } });
    if (!response.ok || response.redirected || this.#ended) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    this.#fetched = parseCursor(pageData(page).hubPage);
    for (const node of page.querySelectorAll("[data-live]:not(button)")) {
      const name = node.dataset.live;
      // An event may have come meanwhile that is newer than this response.
      if (this.#changed.get(name) === before.get(name)) write(name, node.textContent);
    }
  }

  #fetchedAfter({ epoch, id }) {
    return id !== undefined && this.#fetched?.epoch === epoch && id <= this.#fetched.position;
  }
}

/** A price in the form in which the server renders it. */
function euros(price) {
  return price === undefined ? undefined : EUROS.format(price);
}

function write(name, text) {
  for (const node of document.querySelectorAll(`[data-live="${CSS.escape(name)}"]`)) {
    node.textContent = text;
    // The row of a figure that was 0, such as the views, appears with the first one.
    const row = node.closest("[data-live-row]");
    if (row) row.hidden = text === "0";
  }
  if (name !== "stock") return;
  const soldOut = Number(text) === 0;
  for (const button of document.querySelectorAll('[data-live="order-button"]')) {
    button.disabled = soldOut;
    button.textContent = soldOut ? "Sold out" : "Order";
  }
}
