/**
 * Tells screen readers of new toasts, each text once. Those that come together are one utterance,
 * so that a burst does not go on for a minute.
 */
import { element } from "../dom.js";
import { counted, text } from "../texts.js";

const QUIET_TIME = 300; // ms without a further toast after which those that came are announced
const LONGEST_WAIT = 1_000; // ms that the first of them waits
const MAX_READ = 2; // texts of one utterance; of more, only the number is said

export class Announcer {
  #lines;
  #texts = [];
  #said = []; // a call for each text
  #timer = null;
  #since = 0;

  /** @param {HTMLElement} root gets the lines at once: readers skip text that comes with its line */
  constructor(root) {
    this.#lines = { polite: line("status"), assertive: line("alert") };
    root.append(...Object.values(this.#lines));
  }

  /**
   * @param {{severity: string, title: string, body?: string}} frame
   * @param {() => void} said called when it was
   */
  add({ severity, title, body = "" }, said) {
    const words = [title, body].filter(Boolean).join(". ");
    if (severity === "critical") {
      this.#say("assertive", `${text("Important:")} ${words}`);
      said();
      return;
    }
    const now = Date.now();
    if (this.#texts.length === 0) this.#since = now;
    this.#texts.push(words);
    this.#said.push(said);
    clearTimeout(this.#timer);
    const wait = Math.min(QUIET_TIME, this.#since + LONGEST_WAIT - now);
    this.#timer = setTimeout(() => this.#sayAll(), Math.max(0, wait));
  }

  /** Say nothing more: the page no longer belongs to its user. */
  clear() {
    clearTimeout(this.#timer);
    this.#texts = [];
    this.#said = [];
    for (const node of Object.values(this.#lines)) node.textContent = "";
  }

  #sayAll() {
    const count = this.#texts.length;
    const words =
      count <= MAX_READ
        ? this.#texts.join(". ")
        : counted("{count} new notification", "{count} new notifications", count);
    this.#texts = [];
    this.#say("polite", words);
    for (const said of this.#said.splice(0)) said();
  }

  #say(name, words) {
    const said = this.#lines[name];
    // The same text again is read only if the line has changed.
    said.textContent = said.textContent === words ? `${words}\u00a0` : words;
  }
}

function line(role) {
  const node = element("p", `hub-visually-hidden hub-announced-${role}`);
  node.setAttribute("role", role);
  return node;
}
