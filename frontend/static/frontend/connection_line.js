/** Says when the live connection is away: a line that comes late and goes soon. */
import { element } from "./toast.js";

const PATIENCE = 2_000; // ms without a connection before anything is said
const ENDINGS = {
  deleted: "This account was deleted.",
  deactivated: "This account was deactivated.",
  logout: "You are logged out in this browser.",
  password: "The password was changed. Please log in again.",
  person: "You are not logged in as before in this browser.",
};
const SESSION_ENDED = "This session has ended.";
const SIGNED_OUT = [4501, 4510];
const HOME = "/";

export class ConnectionLine {
  #line;
  #timer = null;
  #name = "";
  #wasLive = false;

  /** @param {HTMLElement} line hidden as long as there is nothing to say */
  constructor(line) {
    this.#line = line;
    line.role = "status";
  }

  /**
   * @param {import("../hub/link.js").LinkState} state
   * @returns {boolean} whether this page is no longer its person's
   */
  show({ name, code, reason }) {
    document.documentElement.dataset.hubState = name;
    if (name === "live" || name === "stopped") {
      this.#rest();
      this.#wasLive ||= name === "live";
      this.#line.hidden = true;
    } else if (name === "ended") {
      this.#rest();
      const over = SIGNED_OUT.includes(code) || reason in ENDINGS;
      if (over) this.#end(ENDINGS[reason] ?? SESSION_ENDED, reason);
      else this.#say("Live updates have stopped. Reload the page to start them again.");
      return over;
    } else {
      this.#name = name;
      // From the loss on, however many attempts fail meanwhile.
      if (this.#line.hidden) this.#timer ??= setTimeout(() => this.#say(this.#text()), PATIENCE);
      else this.#say(this.#text());
    }
    return false;
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #text() {
    if (this.#name === "offline") return "You are offline. Live updates come back by themselves.";
    return this.#wasLive ? "Reconnecting…" : "Connecting…";
  }

  #say(text) {
    this.#line.hidden = false;
    if (this.#line.textContent !== text) this.#line.textContent = text;
  }

  #end(text, reason) {
    this.#line.hidden = true;
    document.documentElement.dataset.hubEnded = reason || "session";
    const notice = element("div", "ended");
    notice.role = "alert";
    document.body.prepend(notice);
    const home = element("a", "", "Go to the shop");
    home.href = HOME;
    notice.append(element("p", "", text), home);
  }
}
