/** Reads how many events of the inbox are unseen, and what the user does not want, for all tabs. */

const DELAY = 300; // ms in which further changes join one request

export class InboxFigures {
  /** Path that answers with the figures; empty for visitors. */
  url = "";
  #environment;
  #changed;
  #timer = null;

  /**
   * @param {object} environment fetch, setTimeout
   * @param {(figures: {unseen: number, filters: {toast: string, inbox: string, quiet: string}}) => void} changed
   */
  constructor(environment, changed) {
    this.#environment = environment;
    this.#changed = changed;
  }

  /** Read them soon. */
  refresh() {
    if (!this.url) return;
    this.#timer ??= this.#environment.setTimeout(async () => {
      this.#timer = null;
      try {
        const response = await this.#environment.fetch(this.url, { redirect: "error" });
        if (response.ok) this.#changed(await response.json());
      } catch (error) {
        console.warn("The inbox's figures could not be fetched:", error);
      }
    }, DELAY);
  }
}
