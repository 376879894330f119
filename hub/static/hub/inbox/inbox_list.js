/**
 * Keeps a list of the inbox alive: rows enter and change where they stand, in all tabs.
 *
 * What it shows, the server renders; this fetches the page again and puts its list in place. Without
 * it the same buttons are forms, which lead back to the same page.
 */
import { all, first, onHub } from "../dom.js";
import { counted, text } from "../texts.js";
import { Place } from "./place.js";
import { postSeen } from "./seen.js";
import { groupByDay, showTimes } from "./times.js";

const VISIBLE_TIME = 1_000; // ms in a visible tab, after which it is seen: no page opened by accident
const REFRESH_DELAY = 150; // ms in which further changes join one request
const SCROLLED = 200; // px from the top from which new rows wait behind a button
const TICK = 30_000; // ms between two looks at the relative times
const HEADERS = { "X-Hub-Refresh": "1" };

export class InboxList {
  #root;
  #url;
  #new;
  #said;
  #scroller;
  #fresh = new Set(); // ids of rows that were new on this page
  #newest = 0; // position of the newest row that is shown; newer ones may wait behind the button
  #refreshTimer = null;
  #seenTimer = null;
  #doneTimer = null;
  #isStale = false;
  #isFetching = false;
  #asked = 0; // counts requests
  #answered = 0; // the latest request whose answer is shown
  #ended = false;

  /**
   * @param {HTMLElement} root of what the server renders, which is replaced by each answer
   * @param {object} options
   * @param {string} options.url of the page that is shown
   * @param {HTMLElement} options.said where a screen reader is told what was done
   * @param {HTMLElement} options.fresh a button that shows the new rows
   * @param {Element} options.scroller the element that scrolls
   */
  constructor(root, { url, said, fresh, scroller }) {
    this.#root = root;
    this.#url = url;
    this.#said = said;
    this.#new = fresh;
    this.#scroller = scroller;
  }

  /** Begin with what stands in the root. */
  start() {
    this.#dress();
    this.#root.addEventListener("submit", (event) => this.#submit(event));
    this.#root.addEventListener("toggle", () => this.look(), true); // a menu was closed
    this.#new.addEventListener("click", () => this.#showNew());
    document.addEventListener("visibilitychange", () => this.look());
    onHub("event", (event) => this.#told(event));
    onHub("state", ({ signedOut }) => {
      this.#ended ||= signedOut;
    });
    onHub("missed", () => this.#soon());
    onHub("welcome", ({ again }) => again && this.#soon());
    setInterval(() => showTimes(this.#root), TICK);
  }

  /**
   * Show another page of the inbox, from its top.
   * @param {string} [url] by default the same one, as it is now
   * @returns {Promise<boolean>} whether it could be fetched
   */
  async load(url = this.#url) {
    this.#url = url;
    this.#scroller.scrollTo({ top: 0 });
    return this.#refresh();
  }

  /** Whether it can change under its user's eyes: else it is fetched again later. */
  get #isFree() {
    return !document.hidden && this.#isVisible && !first(this.#root, ".hub-menu[open]");
  }

  get #isVisible() {
    return this.#root.checkVisibility?.() ?? true;
  }

  #told({ own, id, type, title, seenByPage }) {
    if (!own || id === undefined || seenByPage) return;
    if (title || type === "inbox.changed") this.#soon();
  }

  #showNew() {
    this.#scroller.scrollTo({ top: 0 });
    this.#dress();
    first(this.#root, ".hub-item button")?.focus({ preventScroll: true });
  }

  /** Fetch the page again in a moment; if it is hidden, once it is shown. */
  #soon() {
    this.#isStale = !this.#isFree || this.#isFetching;
    if (this.#isStale || this.#ended) return;
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = null;
      this.#refresh();
    }, REFRESH_DELAY);
  }

  async #refresh() {
    this.#isFetching = true;
    let isShown = false;
    try {
      isShown = await this.#show(this.#url, { headers: HEADERS });
    } catch (error) {
      console.warn("The inbox could not be fetched:", error);
    }
    this.#isFetching = false;
    if (this.#isStale) this.#soon(); // more has happened meanwhile
    return isShown;
  }

  /** Send a button's form, and put the page that answers in place. */
  async #submit(event) {
    const { submitter } = event;
    if (submitter?.matches(".hub-link")) return; // leads to another page
    event.preventDefault();
    const body = new URLSearchParams(/** @type {any} */ (new FormData(event.target, submitter)));
    const url = submitter?.getAttribute("formaction") || event.target.action;
    try {
      const isShown = await this.#show(url, { method: "POST", body, headers: HEADERS });
      if (!isShown) this.#say(text("That did not work. Please try again."));
      else this.#say(this.#root.querySelector("[data-hub-done] [role=status]")?.textContent ?? "");
    } catch (error) {
      console.warn("The inbox could not be changed:", error);
      this.#say(text("That did not work. Please try again."));
    }
  }

  /**
   * Show the page that answers a request, unless a later one was answered before.
   * @returns {Promise<boolean>} whether the answer was a page of the inbox
   */
  async #show(url, options) {
    this.#asked += 1;
    const number = this.#asked;
    const response = await fetch(url, options);
    if (!response.ok || this.#ended) return false;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fetched = page.querySelector(".hub-inbox");
    if (!fetched || this.#ended) return false;
    if (number < this.#answered) return true;
    if (!options.body && first(this.#root, ".hub-menu[open]")) {
      this.#isStale = true;
      return true;
    }
    this.#answered = number;
    const place = new Place(this.#root, this.#scroller);
    this.#root.replaceChildren(...fetched.childNodes);
    this.#dress({ keepsNew: this.#scroller.scrollTop > SCROLLED });
    place.restore();
    return true;
  }

  /** What scripts add to the page as the server renders it. `keepsNew`: behind the button. */
  #dress({ keepsNew = false } = {}) {
    const rows = all(this.#root, ".hub-item");
    for (const row of rows) row.hidden = keepsNew && positionOf(row) > this.#newest;
    const count = rows.filter((row) => row.hidden).length;
    this.#new.textContent = counted("{count} new", "{count} new", count);
    this.#new.hidden = count === 0;
    if (count === 0) this.#newest = Math.max(this.#newest, ...rows.map(positionOf));
    for (const mark of this.#root.querySelectorAll(".hub-fresh")) {
      this.#fresh.add(mark.closest("li").id);
    }
    const zone = first(this.#root, "[data-hub-zone]");
    if (zone) zone.setAttribute("value", Intl.DateTimeFormat().resolvedOptions().timeZone);
    showTimes(this.#root);
    const list = this.#root.querySelector(".hub-rows");
    if (list) groupByDay(list);
    clearTimeout(this.#doneTimer);
    const done = first(this.#root, "[data-hub-done]");
    if (done) this.#doneTimer = setTimeout(() => done.remove(), Number(done.dataset.hubDone) * 1000);
    this.#watchSeen();
  }

  /** It may be looked at now, or no longer. */
  look() {
    if (this.#isFree && this.#isStale) this.#soon();
    this.#watchSeen();
  }

  /** Report the newest page as seen once it was visible for a moment. */
  #watchSeen() {
    clearTimeout(this.#seenTimer);
    const button = first(this.#root, "[data-seen-upto]");
    if (!button || document.hidden || !this.#isVisible || this.#ended) return;
    this.#seenTimer = setTimeout(async () => {
      const response = await postSeen([["upto", button.dataset.seenUpto]]);
      if (response.ok) button.remove();
    }, VISIBLE_TIME);
  }

  #say(words) {
    this.#said.textContent = words;
  }
}

function positionOf(row) {
  return Number(row.id.replace("event-", ""));
}
