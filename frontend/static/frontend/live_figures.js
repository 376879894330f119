/**
 * Keeps the figures of products on an open page up to date: elements marked `data-live` inside one
 * marked `data-product`.
 *
 * Events carry the changes while the page is connected. Ephemeral events are not replayed, so after
 * a gap the page is fetched again.
 */
import { parseCursor } from "../hub/cursors.js";
import { pageData } from "../hub/page_data.js";

const SPREAD = 3_000; // ms over which many browsers fetch their pages again after a restart
const EUROS = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const FIGURES = {
  "product.price_dropped": ({ new_price, old_price }) => ({
    price: euros(new_price),
    was: euros(old_price),
  }),
  "product.changed": ({ price, stock }) => ({ price: euros(price), stock }),
  "product.viewed": ({ count }) => ({ count }),
};

export class LiveFigures {
  #changed = new Map(); // product and figure -> time of the event that set it
  #fetched = null; // cursor of the page that was fetched last
  #timer = null;
  #stale = false;
  #ended = false;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (this.#stale) this.refresh();
    });
  }

  /** Show the figures of an event, unless the page shows the same or newer ones. */
  apply(frame) {
    const { product, ...data } = frame.data ?? {};
    const figures = FIGURES[frame.type]?.(data);
    if (!figures || this.#ended || frame.seenByPage || this.#fetchedAfter(frame)) return;
    for (const [name, value] of Object.entries(figures)) {
      const figure = `${product}.${name}`;
      if (value === undefined || frame.at < (this.#changed.get(figure) ?? "")) continue;
      this.#changed.set(figure, frame.at);
      for (const part of partsOf(product)) write(part, name, String(value));
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
    for (const node of page.querySelectorAll("[data-product] [data-live]:not(button)")) {
      const { product } = node.closest("[data-product]").dataset;
      const name = node.dataset.live === "stock-words" ? "stock" : node.dataset.live;
      const value = node.dataset.live === "stock-words" ? node.dataset.stock : node.textContent;
      // An event may have come meanwhile that is newer than this response.
      const figure = `${product}.${name}`;
      if (this.#changed.get(figure) !== before.get(figure)) continue;
      for (const part of partsOf(product)) write(part, name, value);
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

function partsOf(product) {
  return document.querySelectorAll(`[data-product="${CSS.escape(product)}"]`);
}

function write(part, name, text) {
  for (const node of part.querySelectorAll(`[data-live="${CSS.escape(name)}"]`)) {
    if (name === "price" && node.textContent !== text) mark(node);
    node.textContent = text;
    if (name === "was") node.hidden = false;
    // The row of a figure that was 0, such as the views, appears with the first one.
    const row = node.closest("[data-live-row]");
    if (row) row.hidden = text === "0";
  }
  if (name === "stock") writeStock(part, Number(text));
}

/** Draw the eye to a figure that has changed. */
function mark(node) {
  node.classList.remove("changed");
  requestAnimationFrame(() => node.classList.add("changed"));
}

/** What the stock means: the words on a card, and whether there is something to order. */
function writeStock(part, stock) {
  for (const node of part.querySelectorAll("[data-live=stock-words]")) {
    const isLow = stock > 0 && stock <= Number(node.dataset.low);
    node.textContent = stock === 0 ? "Sold out" : isLow ? `Only ${stock} left` : "In stock";
    node.classList.toggle("out", stock === 0);
    node.classList.toggle("low", isLow);
  }
  for (const button of part.querySelectorAll("[data-live=order-button]")) {
    button.disabled = stock === 0;
    button.textContent = stock === 0 ? "Sold out" : "Order";
  }
}
