/** The line that tells the user when the live connection is lost. */
import { element } from "./dom.js";
import { text } from "./texts.js";

const DELAY = 2_000; // ms without a connection before the line appears; offline it does at once
const ENDINGS = {
  deleted: "This account was deleted.",
  deactivated: "This account was deactivated.",
  logout: "You are logged out in this browser.",
  password: "The password was changed. Please log in again.",
  person: "This browser is now logged in as someone else, or logged out.",
};
const SESSION_ENDED = "This session has ended.";
const WITHOUT_LOGIN = ["deleted", "deactivated"];
// What a page shows of its user. Of a page that has none of these nothing is left.
const PRIVATE = "main, header nav, [data-hub-private]";
const SIGNED_OUT_CODES = [4501, 4510];

export class ConnectionLine {
  #line;
  #words = element("span");
  #button = element("button", "hub-button", text("Try now"));
  #paths;
  #timer = null;
  #state = { name: "" };
  #wasLive = false;

  /**
   * @param {HTMLElement} line hidden while the page is connected
   * @param {object} options
   * @param {string} options.root path of the site
   * @param {string} options.login path of the log-in, empty if there is none
   * @param {() => void} options.retry called when the user does not want to wait
   */
  constructor(line, { root, login, retry }) {
    this.#line = line;
    this.#paths = { root, login };
    line.hidden = true;
    this.#words.setAttribute("role", "status");
    this.#button.type = "button";
    this.#button.addEventListener("click", retry);
    line.append(this.#words, this.#button);
  }

  /**
   * @param {import("./link.js").LinkState} state
   * @returns {boolean} whether the page's user is signed out
   */
  show(state) {
    const { name, code, reason } = state;
    document.documentElement.dataset.hubState = name;
    if (name === "live" || name === "stopped") {
      this.#cancel();
      this.#wasLive ||= name === "live";
      this.#hide();
    } else if (name === "ended") {
      this.#cancel();
      const signedOut = SIGNED_OUT_CODES.includes(code) || reason in ENDINGS;
      if (signedOut) this.#end(text(ENDINGS[reason] ?? SESSION_ENDED), reason);
      else this.#write(text("Live updates have stopped. Reload the page to start them again."));
      return signedOut;
    } else {
      // An attempt does not know when the server was heard last.
      this.#state = { ...state, updated: state.updated ?? this.#state.updated };
      // Counted from the loss, however many attempts fail meanwhile.
      if (!this.#line.hidden || name === "offline") this.#writeState();
      else this.#timer ??= setTimeout(() => this.#writeState(), DELAY);
    }
    return false;
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #writeState() {
    const { name, updated } = this.#state;
    const offline = name === "offline" || !navigator.onLine;
    const what = offline
      ? text("You are offline.")
      : text(this.#wasLive ? "Reconnecting…" : "Connecting…");
    const time = updated && new Date(updated).toLocaleTimeString([], { timeStyle: "short" });
    this.#write(time ? `${what} ${text("Last updated {time}.", { time })}` : what);
    this.#button.hidden = offline;
  }

  #write(words) {
    this.#line.hidden = false;
    this.#button.hidden = true;
    document.documentElement.dataset.hubStale = "";
    if (this.#words.textContent !== words) this.#words.textContent = words;
  }

  #hide() {
    this.#line.hidden = true;
    this.#words.textContent = "";
    delete document.documentElement.dataset.hubStale;
  }

  #end(words, reason) {
    this.#hide();
    document.documentElement.dataset.hubEnded = reason || "session";
    // The user's data must not stay on the screen, nor come back with the back button.
    const parts = document.querySelectorAll(PRIVATE);
    for (const part of parts) part.replaceChildren();
    document.querySelector("[data-hub-bell]")?.remove();
    document.title = words; // it may name an order, and counts what is unseen
    if (parts.length === 0) document.body.replaceChildren();
    const notice = element("div", "hub-ended");
    notice.setAttribute("role", "alert");
    document.body.prepend(notice);
    const { root, login } = this.#paths;
    const offersLogin = login && !WITHOUT_LOGIN.includes(reason);
    const link = element("a", "", text(offersLogin ? "Log in" : "Go to the first page"));
    link.href = offersLogin ? login : root;
    notice.append(element("p", "", words), link);
  }
}
