/**
 * Keeps one WebSocket open: notices that it died, waits, comes back, and stops where told to.
 * It knows close codes and clocks, and nothing of events.
 *
 * @typedef {object} LinkState
 * @property {"connecting"|"live"|"waiting"|"offline"|"ended"|"stopped"} name
 * @property {number} [retry] ms until the next attempt (waiting, offline)
 * @property {number} [code] why it ended
 * @property {string} [reason]
 */
import { Backoff } from "./backoff.js";

// ms from connecting to the welcome. Who comes in a crowd waits for it: leaving early would only
// mean to queue again, at the end, with the server working for a connection that is gone.
const GREETING = 35_000;
const STABLE = 10_000; // ms of being live after which earlier failures are forgotten
const PARTING = 3_000; // ms that a server has for closing after its goodbye
const GRACE = 10_000; // ms of silence allowed beyond one and a half pings
const FIRST_FINAL = 4500; // close codes from here to 4999 do not come back
const LAST_FINAL = 4999;
const NORMAL = 1000;
const LOST = 1006; // what browsers report for a connection that broke

export class Link {
  #url;
  #surroundings;
  #listener;
  #backoff;
  #socket = null;
  #running = false;
  #away = false; // the page is in the back-forward cache
  #heard = 0; // when the last frame came, by the wall clock
  #patience = GREETING;
  #liveSince = null;
  #goodbye = null;
  #due = 0; // when to try again
  #notBefore = 0; // when the server wants us back at the earliest
  #retryTimer = null;
  #watchTimer = null;

  /**
   * @param {string} url
   * @param {object} surroundings window, document, WebSocket, now, random, setTimeout, clearTimeout
   * @param {object} listener
   * @param {(connection: {send: Function, drop: Function}) => void} listener.opened what it is
   *   given, to send a frame or to come back later, does nothing once this connection is over
   * @param {(frame: object) => void} listener.heard
   * @param {(state: LinkState) => void} listener.changed
   */
  constructor(url, surroundings, listener) {
    this.#url = url;
    this.#surroundings = surroundings;
    this.#listener = listener;
    this.#backoff = new Backoff(surroundings.random);
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#away = false;
    this.#listen("addEventListener");
    this.#connect();
  }

  stop() {
    if (!this.#running) return;
    this.#leave();
    this.#listener.changed({ name: "stopped" });
  }

  /** Give up for good. */
  end(code, reason) {
    if (!this.#running) return;
    this.#leave();
    this.#listener.changed({ name: "ended", code, reason });
  }

  /** Sends a frame; one that cannot be sent is dropped, since the next hello says it all again. */
  send(frame) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** The server has welcomed us and pings every so many seconds. */
  welcomed(pingSeconds) {
    this.#patience = pingSeconds * 1500 + GRACE;
    this.#liveSince = this.#surroundings.now();
    this.#watch();
    this.#listener.changed({ name: "live" });
  }

  /** The server is about to close; some servers lose the code and reason of the close itself. */
  partWith(goodbye) {
    this.#goodbye = goodbye;
    this.#patience = PARTING;
    this.#watch();
  }

  /** Close this connection and come back. */
  drop() {
    this.#abandon();
    this.#closed(LOST, "");
  }

  #connect() {
    this.#cancel("retry");
    this.#goodbye = null;
    this.#liveSince = null;
    this.#patience = GREETING;
    this.#heard = this.#surroundings.now();
    this.#listener.changed({ name: "connecting" });
    const socket = new this.#surroundings.WebSocket(this.#url);
    this.#socket = socket;
    // An abandoned socket may still speak: only the current one is listened to.
    const current = (act) => (value) => {
      if (socket === this.#socket) act(value);
    };
    const connection = {
      send: current((frame) => this.send(frame)),
      drop: current(() => this.drop()),
    };
    socket.onopen = current(() => this.#listener.opened(connection));
    socket.onmessage = current((event) => this.#hear(event.data));
    socket.onclose = current((event) => {
      this.#socket = null;
      this.#closed(event.code, event.reason);
    });
    this.#watch();
  }

  #hear(text) {
    this.#heard = this.#surroundings.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch (error) {
      console.warn("The hub sent what is not JSON:", error);
      return;
    }
    this.#listener.heard(frame);
  }

  #closed(closeCode, closeReason) {
    const goodbye = this.#goodbye;
    const code = goodbye?.code ?? closeCode;
    const reason = goodbye?.reason || closeReason;
    if (goodbye?.reconnect === false || (code >= FIRST_FINAL && code <= LAST_FINAL)) {
      this.end(code, reason);
      return;
    }
    this.#cancel("watch");
    const now = this.#surroundings.now();
    if (this.#liveSince !== null && now - this.#liveSince >= STABLE) this.#backoff.reset();
    const wanted = goodbye?.retry_ms ?? 0;
    this.#notBefore = now + wanted;
    this.#wait(Math.max(this.#backoff.next(), wanted));
  }

  #wait(delay) {
    this.#cancel("retry");
    this.#due = this.#surroundings.now() + delay;
    this.#retryTimer = this.#surroundings.setTimeout(() => this.#connect(), delay);
    // Some systems say "offline" and are not, so attempts go on.
    const name = this.#surroundings.window.navigator?.onLine === false ? "offline" : "waiting";
    this.#listener.changed({ name, retry: delay });
  }

  /** Timers of hidden tabs and sleeping machines are late, so the wall clock decides. */
  #watch() {
    this.#cancel("watch");
    const now = this.#surroundings.now();
    this.#heard = Math.min(this.#heard, now); // the clock may have been set back
    const left = this.#heard + this.#patience - now;
    if (left > 0) {
      this.#watchTimer = this.#surroundings.setTimeout(() => this.#watch(), left);
    } else {
      this.drop();
    }
  }

  #wake = (event) => {
    if (event.type === "pageshow" && this.#away) {
      this.#away = false;
      this.#connect();
    } else if (this.#away || event.type === "pageshow") {
      return; // a page that is shown for the first time has only just started
    } else if (event.type === "online") {
      this.#hurry();
    } else if (this.#socket) {
      this.#watch();
    } else if (this.#due <= this.#surroundings.now()) {
      this.#connect();
    }
  };

  /** The network is back, and seldom the same: the old connection would only be silent. */
  #hurry() {
    this.#abandon();
    this.#cancel("watch");
    this.#wait(Math.max(0, this.#notBefore - this.#surroundings.now()));
  }

  /** A page with an open socket is not kept for the back button. */
  #hide = () => {
    this.#away = true;
    this.#cancel("retry");
    this.#cancel("watch");
    this.#abandon();
  };

  #listen(verb) {
    const { window, document } = this.#surroundings;
    window[verb]("online", this.#wake);
    window[verb]("pageshow", this.#wake);
    window[verb]("pagehide", this.#hide);
    document[verb]("visibilitychange", this.#wake);
  }

  #leave() {
    this.#running = false;
    this.#listen("removeEventListener");
    this.#cancel("retry");
    this.#cancel("watch");
    this.#abandon();
  }

  #abandon() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(NORMAL);
  }

  #cancel(which) {
    if (which === "retry") {
      this.#surroundings.clearTimeout(this.#retryTimer);
      this.#retryTimer = null;
    } else {
      this.#surroundings.clearTimeout(this.#watchTimer);
      this.#watchTimer = null;
    }
  }
}
