/** The line that tells the user when the live connection is lost. */
import { element } from "./dom.js";
import { text } from "./texts.js";

const DELAY = 2_000; // ms without a connection before the line appears
const ENDINGS = {
  deleted: "This account was deleted.",
  deactivated: "This account was deactivated.",
  logout: "You are logged out in this browser.",
  password: "The password was changed. Please log in again.",
  person: "This browser is now logged in as someone else, or logged out.",
};
const SESSION_ENDED = "This session has ended.";
// What a page shows of its user. Of a page that has none of these nothing is left but the toasts.
const PRIVATE = "main, header nav, [data-hub-private]";
const SIGNED_OUT_CODES = [4501, 4510];

export class ConnectionLine {
  #line;
  #root;
  #timer = null;
  #name = "";
  #wasLive = false;

  /**
   * @param {HTMLElement} line hidden while the page is connected
   * @param {string} root path of the site
   */
  constructor(line, root) {
    this.#line = line;
    this.#root = root;
    line.hidden = true;
    line.setAttribute("role", "status");
  }

  /**
   * @param {import("../hub/link.js").LinkState} state
   * @returns {boolean} whether the page's user is signed out
   */
  show({ name, code, reason }) {
    document.documentElement.dataset.hubState = name;
    if (name === "live" || name === "stopped") {
      this.#cancel();
      this.#wasLive ||= name === "live";
      this.#line.hidden = true;
    } else if (name === "ended") {
      this.#cancel();
      const signedOut = SIGNED_OUT_CODES.includes(code) || reason in ENDINGS;
      if (signedOut) this.#end(text(ENDINGS[reason] ?? SESSION_ENDED), reason);
      else this.#write(text("Live updates have stopped. Reload the page to start them again."));
      return signedOut;
    } else {
      this.#name = name;
      // Counted from the loss, however many attempts fail meanwhile.
      if (this.#line.hidden) this.#timer ??= setTimeout(() => this.#write(this.#text()), DELAY);
      else this.#write(this.#text());
    }
    return false;
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #text() {
    if (this.#name === "offline") {
      return text("You are offline. Live updates resume by themselves.");
    }
    return text(this.#wasLive ? "Reconnecting…" : "Connecting…");
  }

  #write(words) {
    this.#line.hidden = false;
    if (this.#line.textContent !== words) this.#line.textContent = words;
  }

  #end(words, reason) {
    this.#line.hidden = true;
    document.documentElement.dataset.hubEnded = reason || "session";
    // The user's data must not stay on the screen, nor come back with the back button.
    const parts = document.querySelectorAll(PRIVATE);
    for (const part of parts) part.replaceChildren();
    document.querySelector("[data-hub-bell]")?.remove();
    if (parts.length === 0) {
      for (const node of [...document.body.children]) if (node.id !== "hub-toasts") node.remove();
    }
    const notice = element("div", "hub-ended");
    notice.setAttribute("role", "alert");
    document.body.prepend(notice);
    const home = element("a", "", text("Go to the first page"));
    home.href = this.#root;
    notice.append(element("p", "", words), home);
  }
}
