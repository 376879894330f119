/** Reports to the server which events the user has seen. */
import { pageData } from "../page_data.js";

const BATCH_DELAY = 1_000; // ms in which further events join a request
const RETRY_DELAY = 30_000; // ms after a request that the server could not serve
const MAX_BATCH = 50; // events per request; the server reads no more

/**
 * Report to the page's `data-hub-seen`.
 * @param {[string, string | number][]} fields `position` of one event, or `upto` for all
 * @returns {Promise<Response>}
 */
export function postSeen(fields) {
  return post(pageData().hubSeen, fields);
}

/**
 * Post a form to this site, with the page's `data-hub-token` against forged requests.
 * @param {string} url
 * @param {[string, string | number][]} fields
 * @returns {Promise<Response>}
 */
export function post(url, fields = []) {
  const { hubToken = "" } = pageData();
  return fetch(url, {
    method: "POST",
    body: new URLSearchParams([
      ["csrfmiddlewaretoken", hubToken],
      ...fields.map(([name, value]) => [name, String(value)]),
    ]),
    keepalive: true, // the page may be left meanwhile
    redirect: "manual", // to the log-in: the user is signed out
  });
}

/** Collects the positions of events and reports them in batches. */
export class SeenReporter {
  #post;
  #positions = new Set();
  #timer = null;
  #stopped = false;

  /** @param {typeof postSeen} post */
  constructor(post = postSeen) {
    this.#post = post;
  }

  /** @param {number} position of an event that the user has seen */
  add(position) {
    if (this.#stopped) return;
    this.#positions.add(position);
    this.#timer ??= setTimeout(() => this.flush(), BATCH_DELAY);
  }

  /** Send now what was collected: the page is left. */
  async flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const batch = [...this.#positions].slice(0, MAX_BATCH);
    if (batch.length === 0) return;
    for (const position of batch) this.#positions.delete(position);
    if (!(await this.#send(batch))) {
      for (const position of batch.slice(0, MAX_BATCH - this.#positions.size)) {
        this.#positions.add(position);
      }
    }
    if (this.#positions.size > 0) this.#retryLater();
  }

  /** Report nothing more: the page no longer belongs to its user. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#positions.clear();
  }

  /** @returns {Promise<boolean>} false if the same request may succeed later */
  async #send(batch) {
    try {
      const { status } = await this.#post(batch.map((position) => ["position", position]));
      return status !== 429 && status < 500;
    } catch {
      return false; // no network
    }
  }

  #retryLater() {
    if (!this.#stopped) this.#timer ??= setTimeout(() => this.flush(), RETRY_DELAY);
  }
}
