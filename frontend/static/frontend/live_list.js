/**
 * Lets new rows enter the list of an open page: an element marked `data-live-list` with the types of
 * events that bring one. The page is fetched again; rows that stand already stay as they are.
 */
export class LiveList {
  #root = document.querySelector("[data-live-list]");
  #types = new Set((this.#root?.dataset.liveList ?? "").split(" "));
  #isFetching = false;
  #isStale = false;
  #ended = false;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#isStale && this.refresh());
  }

  apply({ type, seenByPage }) {
    if (this.#types.has(type) && !seenByPage) this.refresh();
  }

  /** Fetch the page again; in a hidden tab, once it is visible. */
  async refresh() {
    if (!this.#root || this.#ended) return;
    this.#isStale = document.hidden || this.#isFetching;
    if (this.#isStale) return;
    this.#isFetching = true;
    try {
      await this.#fetch();
    } catch (error) {
      console.warn("The list could not be fetched:", error);
    }
    this.#isFetching = false;
    if (this.#isStale) this.refresh();
  }

  /** Stop: the page no longer belongs to its user. */
  end() {
    this.#ended = true;
  }

  async #fetch() {
    const response = await fetch(location.href, { headers: { "X-Hub-Refresh": "1" } });
    if (!response.ok || response.redirected || this.#ended) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fetched = page.querySelector("[data-live-list]");
    const list = this.#root.querySelector(".rows");
    if (!list || !fetched?.querySelector(".rows")) {
      this.#root.replaceChildren(...(fetched?.childNodes ?? []));
      return;
    }
    const known = new Set([...list.children].map((row) => row.dataset.key));
    const fresh = [...fetched.querySelectorAll(".rows > li")].filter(
      ({ dataset }) => !known.has(dataset.key),
    );
    for (const row of fresh) row.classList.add("changed");
    list.prepend(...fresh);
  }
}
