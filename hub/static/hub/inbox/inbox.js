/**
 * Keeps the page of the inbox alive: rows enter and change where they stand, in all tabs.
 *
 * What the page shows, the server renders; this fetches the page again and puts its list in place.
 * Without it the same buttons are forms, which lead back to the same page.
 */
import { all, first, onHub } from "../dom.js";
import { text } from "../texts.js";
import { InboxKeys } from "./keys.js";
import { postSeen } from "./seen.js";
import { groupByDay, showTimes } from "./times.js";

const VISIBLE_TIME = 1_000; // ms in a visible tab, after which it is seen: no page opened by accident
const REFRESH_DELAY = 150; // ms in which further changes join one request
const SCROLLED = 200; // px from the top from which new rows wait behind a button
const TICK = 30_000; // ms between two looks at the relative times
const HEADERS = { "X-Hub-Refresh": "1" };

class InboxPage {
  #root = first(document, ".hub-inbox");
  #new = first(document, "[data-hub-new]");
  #said = first(document, "[data-hub-said]");
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

  start() {
    this.#dress();
    this.#root.addEventListener("submit", (event) => this.#submit(event));
    this.#new.addEventListener("click", () => this.#showNew());
    document.addEventListener("visibilitychange", () => this.#shown());
    onHub("event", (event) => this.#told(event));
    onHub("state", ({ signedOut }) => {
      this.#ended ||= signedOut;
    });
    onHub("missed", () => this.#soon());
    onHub("welcome", ({ again }) => again && this.#soon());
    setInterval(() => showTimes(this.#root), TICK);
    new InboxKeys(this.#root).start();
  }

  #told({ own, id, type, title, seenByPage }) {
    if (!own || id === undefined || seenByPage) return;
    if (title || type === "inbox.changed") this.#soon();
  }

  #showNew() {
    scrollTo({ top: 0 });
    this.#dress();
    first(this.#root, ".hub-item button")?.focus({ preventScroll: true });
  }

  /** Fetch the page again in a moment; in a hidden tab, once it is shown. */
  #soon() {
    this.#isStale = document.hidden || this.#isFetching;
    if (this.#isStale || this.#ended) return;
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = null;
      this.#refresh();
    }, REFRESH_DELAY);
  }

  async #refresh() {
    this.#isFetching = true;
    try {
      await this.#show(location.href, { headers: HEADERS });
    } catch (error) {
      console.warn("The inbox could not be fetched:", error);
    }
    this.#isFetching = false;
    if (this.#isStale) this.#soon(); // more has happened meanwhile
  }

  /** Send a button's form, and put the page that answers in place. */
  async #submit(event) {
    const { submitter } = event;
    if (submitter?.dataset.action === "open") return; // leads to another page
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
    this.#answered = number;
    const place = new Place(this.#root);
    this.#root.replaceChildren(...fetched.childNodes);
    this.#dress({ keepsNew: scrollY > SCROLLED });
    place.restore();
    return true;
  }

  /** What scripts add to the page as the server renders it. `keepsNew`: behind the button. */
  #dress({ keepsNew = false } = {}) {
    const rows = all(this.#root, ".hub-item");
    for (const row of rows) row.hidden = keepsNew && positionOf(row) > this.#newest;
    const count = rows.filter((row) => row.hidden).length;
    this.#new.textContent = count === 1 ? text("1 new") : text("{count} new", { count });
    this.#new.hidden = count === 0;
    if (count === 0) this.#newest = Math.max(this.#newest, ...rows.map(positionOf));
    for (const mark of this.#root.querySelectorAll(".hub-fresh")) {
      this.#fresh.add(mark.closest("li").id);
    }
    showTimes(this.#root);
    const list = this.#root.querySelector(".hub-rows");
    if (list) groupByDay(list);
    clearTimeout(this.#doneTimer);
    const done = first(this.#root, "[data-hub-done]");
    if (done) this.#doneTimer = setTimeout(() => done.remove(), Number(done.dataset.hubDone) * 1000);
    this.#watchSeen();
  }

  #shown() {
    if (!document.hidden && this.#isStale) this.#soon();
    this.#watchSeen();
  }

  /** Report the newest page as seen once it was visible for a moment. */
  #watchSeen() {
    clearTimeout(this.#seenTimer);
    const button = first(this.#root, "[data-seen-upto]");
    if (!button || document.hidden || this.#ended) return;
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

/** Where the user is in the list: the focus, the scroll position, and what is unfolded. */
class Place {
  #root;
  #row;
  #index;
  #action;
  #anchor;
  #open;

  constructor(root) {
    this.#root = root;
    const focused = first(root, ":focus");
    const rows = all(root, ".hub-item");
    this.#row = focused?.closest(".hub-item")?.id;
    this.#index = rows.findIndex((row) => row.id === this.#row);
    this.#action = focused && (focused.dataset.action ?? focused.localName);
    const anchor = rows.find((one) => one.getBoundingClientRect().bottom > 0);
    this.#anchor = anchor && { id: anchor.id, top: anchor.getBoundingClientRect().top };
    this.#open = all(root, ".hub-item details[open]").map(
      (details) => details.closest(".hub-item").id,
    );
  }

  restore() {
    for (const id of this.#open) {
      const details = document.getElementById(id)?.querySelector("details");
      if (details) details.open = true;
    }
    const anchor = this.#anchor && document.getElementById(this.#anchor.id);
    if (anchor && scrollY > 0) scrollBy(0, anchor.getBoundingClientRect().top - this.#anchor.top);
    if (!this.#action) return;
    // The row has gone: the one that takes its place, else the last one, else the list.
    const rows = all(this.#root, ".hub-item");
    const row = document.getElementById(this.#row) ?? rows[this.#index] ?? rows.at(-1);
    const target =
      (row && first(row, `[data-action="${this.#action}"], summary`)) ??
      first(this.#root, ".hub-tabs a[aria-current]");
    target?.focus({ preventScroll: true });
  }
}

new InboxPage().start();
