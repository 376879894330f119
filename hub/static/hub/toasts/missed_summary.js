/** Sums up old events, which a returning browser is sent, in one toast. */
import { counted, text } from "../texts.js";

const MAX_AGE = 5 * 60_000; // ms; younger events still get a toast of their own
const QUIET_TIME = 200; // ms without a further old event, after which the summary is shown

export class MissedSummary {
  #show;
  #inbox;
  #count = 0;
  #timer = null;

  /** @param {(frame: object) => void} show @param {() => string} inbox path of the inbox */
  constructor(show, inbox) {
    this.#show = show;
    this.#inbox = inbox;
  }

  /** @returns {boolean} whether the summary counts this event, which then needs no toast */
  add({ replayed, at }) {
    if (!replayed || Date.now() - Date.parse(at) <= MAX_AGE) return false;
    this.#count += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#showCount(), QUIET_TIME);
    return true;
  }

  /** Another replay begins. Events that are counted and not shown yet stay in the count. */
  restart() {
    if (this.#timer === null) this.#count = 0;
  }

  #showCount() {
    this.#timer = null;
    this.#show({
      type: "hub.digest",
      key: "hub.digest",
      severity: "info",
      title: counted("{count} new notification", "{count} new notifications", this.#count),
      body: text("From while you were away."),
      url: this.#inbox(),
    });
  }
}
