/** The longer windows of the charts: columns of all processes, fetched from the database. */

const PATIENCE = 5_000; // ms for an answer
export const SPANS = { hour: 10, day: 60 }; // seconds of one column

export class Windows {
  #url;
  #chosen = "";
  #columns = null;
  #fetchedAt = 0;
  #isFetching = false;
  #changed;

  /**
   * @param {string} url of the history
   * @param {() => void} changed called when there are other columns, or none could be fetched
   */
  constructor(url, changed) {
    this.#url = url;
    this.#changed = changed;
    this.failed = false;
  }

  /** "hour", "day", or "" for the last minutes, which are not fetched. */
  get chosen() {
    return this.#chosen;
  }

  /** @param {string} name */
  choose(name) {
    this.#chosen = name;
    this.#columns = null;
    this.#fetchedAt = 0;
    this.failed = false;
  }

  /** The columns of the chosen window, or null before they are here. Fetches new ones in time. */
  columns(now) {
    const due = this.#fetchedAt + (SPANS[this.#chosen] ?? 0) * 1000;
    if (this.#chosen && now >= due && !this.#isFetching) this.#fetch(this.#chosen, now);
    return this.#columns;
  }

  async #fetch(name, now) {
    this.#isFetching = true;
    this.#fetchedAt = now;
    let columns = null;
    try {
      const options = { redirect: "error", signal: AbortSignal.timeout(PATIENCE) };
      const response = await fetch(`${this.#url}?window=${name}`, options);
      if (response.ok) columns = await response.json();
    } catch {
      // The charts keep what they had, and the page says that it is old.
    }
    this.#isFetching = false;
    if (name !== this.#chosen) return this.#changed();
    this.failed = columns === null;
    if (columns) {
      const { seconds, begins, rate, errors, p95 } = columns;
      this.#columns = { step: seconds, seconds: begins, rate, errors, p95 };
    }
    this.#changed();
  }
}
