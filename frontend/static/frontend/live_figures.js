/**
 * Keeps the figures of an open page up to date: the elements marked `data-live`.
 *
 * Events say what changed while the page was connected. What changed while it was not cannot all be
 * caught up (some events are never repeated), so after a gap the page is fetched again.
 */

const SPREAD = 3_000; // ms over which the pages of many people are fetched again after a restart
const EUROS = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const FIGURES = {
  "product.price_dropped": ({ new_price }) => ({ price: euros(new_price) }),
  "product.changed": ({ price, stock }) => ({ price: euros(price), stock }),
  "product.viewed": ({ count }) => ({ count }),
};

export class LiveFigures {
  #topics;
  #changed = new Map(); // figure -> time of the event that set it
  #position = null; // of the log, when the page was last fetched
  #timer = null;
  #stale = false;
  #ended = false;

  /** @param {Iterable<string>} topics of the page: another product's events are not about it */
  constructor(topics) {
    this.#topics = new Set(topics);
    document.addEventListener("visibilitychange", () => {
      if (this.#stale) this.refresh();
    });
  }

  /** Take over what an event says, unless the page shows that or something newer already. */
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

  /** Fetch the page again, somewhat later, for its figures; in a hidden tab when it is seen. */
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

  /** The page is no longer live and says so itself. */
  end() {
    this.#ended = true;
    clearTimeout(this.#timer);
    // Whatever they would send is refused, or done as somebody else.
    for (const button of document.querySelectorAll("main button")) button.disabled = true;
  }

  async #fetch() {
    const before = new Map(this.#changed);
    const answer = await fetch(location.href, { headers: { "X-Hub-Refresh": "1" } });
    if (!answer.ok || answer.redirected || this.#ended) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.#position = page.documentElement.dataset.hubPage ?? null;
    for (const node of page.querySelectorAll("[data-live]:not(button)")) {
      const name = node.dataset.live;
      // An event that came meanwhile may be newer than this answer.
      if (this.#changed.get(name) === before.get(name)) write(name, node.textContent);
    }
  }

  #fetchedAfter({ epoch, id }) {
    const [, fetched, position] = /^(.+):(\d+)$/.exec(this.#position ?? "") ?? [];
    return id !== undefined && fetched === epoch && id <= Number(position);
  }
}

/** As the server writes prices in its pages. */
function euros(price) {
  return price === undefined ? undefined : EUROS.format(price);
}

function write(name, text) {
  for (const node of document.querySelectorAll(`[data-live="${CSS.escape(name)}"]`)) {
    node.textContent = text;
    // A figure that is not worth showing, such as no views, appears once there is something.
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
