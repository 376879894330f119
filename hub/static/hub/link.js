/**
 * One WebSocket, kept open: it notices a dead connection, reconnects after a delay, and stops for
 * good at a final close code. It knows close codes and clocks, and nothing about events.
 *
 * @typedef {object} LinkState
 * @property {"connecting"|"live"|"waiting"|"offline"|"ended"|"stopped"} name
 * @property {number} [retry] ms until the next attempt (waiting, offline)
 * @property {number} [updated] wall clock, ms: when the server was heard last (waiting, offline)
 * @property {number} [code] why it ended
 * @property {string} [reason]
 */
import { Backoff } from "./backoff.js";

// ms from connecting to the welcome. A client that gives up earlier in a crowd only goes to the end
// of the queue, and the server works for a connection that is gone.
const WELCOME_TIMEOUT = 35_000;
const STABLE_AFTER = 10_000; // ms live after which earlier failures no longer count
const CLOSE_TIMEOUT = 3_000; // ms from a goodbye to the close
const PING_GRACE = 10_000; // ms of silence allowed beyond one and a half pings
const FIRST_FINAL = 4500; // close codes from here to LAST_FINAL: do not reconnect
const LAST_FINAL = 4999;
// What a developer has to mend; the server's log says more. Other ends are the user's own.
const MISTAKES = {
  4500: "a frame was not of the protocol",
  4503:
    "it takes this page for another site's. Its host must be in ALLOWED_HOSTS, and a proxy must " +
    "pass Host and X-Forwarded-Proto; or put the page's origin into CSRF_TRUSTED_ORIGINS",
};
const NORMAL = 1000;
const ABNORMAL = 1006; // what browsers report for a lost connection

export class Link {
  #url;
  #environment;
  #listener;
  #backoff;
  #socket = null;
  #started = false;
  #lastFrame = 0; // wall clock, ms
  #updated; // wall clock, ms: of the last frame of any connection
  #silenceAllowed = WELCOME_TIMEOUT;
  #liveSince = null;
  #goodbye = null;
  #retryAt = 0; // wall clock, ms
  #notBefore = 0; // wall clock, ms: the server's earliest time for the next attempt
  #retryTimer = null;
  #watchTimer = null;

  /**
   * @param {string} url
   * @param {object} environment window, document, WebSocket, now, random, setTimeout, clearTimeout
   * @param {object} listener
   * @param {(connection: {send: Function, reconnect: Function}) => void} listener.opened the
   *   connection's functions do nothing once that connection is closed
   * @param {(frame: object) => void} listener.received
   * @param {(state: LinkState) => void} listener.stateChanged
   */
  constructor(url, environment, listener) {
    this.#url = url;
    this.#environment = environment;
    this.#listener = listener;
    this.#backoff = new Backoff(environment.random);
  }

  start() {
    if (this.#started) return;
    this.#started = true;
    this.#listen("addEventListener");
    this.#connect();
  }

  stop() {
    if (!this.#started) return;
    this.#release();
    this.#listener.stateChanged({ name: "stopped" });
  }

  /** Close, and do not reconnect. */
  end(code, reason) {
    if (!this.#started) return;
    this.#release();
    this.#listener.stateChanged({ name: "ended", code, reason });
  }

  /** Send a frame. Without a connection it is dropped: the next hello carries the whole state. */
  send(frame) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** The server has welcomed this client and pings every `pingSeconds`. */
  welcomed(pingSeconds) {
    this.#silenceAllowed = pingSeconds * 1500 + PING_GRACE;
    this.#liveSince = this.#environment.now();
    this.#checkSilence();
    this.#listener.stateChanged({ name: "live" });
  }

  /** A goodbye came. Some servers lose the code and reason of the close that follows. */
  expectClose(goodbye) {
    this.#goodbye = goodbye;
    this.#silenceAllowed = CLOSE_TIMEOUT;
    this.#checkSilence();
  }

  /** Close this connection and open another one. */
  reconnect() {
    this.#closeSocket();
    this.#afterClose(ABNORMAL, "");
  }

  #connect() {
    this.#cancel("retry");
    this.#goodbye = null;
    this.#liveSince = null;
    this.#silenceAllowed = WELCOME_TIMEOUT;
    this.#lastFrame = this.#environment.now();
    this.#listener.stateChanged({ name: "connecting" });
    const socket = new this.#environment.WebSocket(this.#url);
    this.#socket = socket;
    // A closed socket may still deliver frames: only the current one counts.
    const current = (act) => (value) => {
      if (socket === this.#socket) act(value);
    };
    const connection = {
      send: current((frame) => this.send(frame)),
      reconnect: current(() => this.reconnect()),
    };
    socket.onopen = current(() => this.#listener.opened(connection));
    socket.onmessage = current((event) => this.#receive(event.data));
    socket.onclose = current((event) => {
      this.#socket = null;
      this.#afterClose(event.code, event.reason);
    });
    this.#checkSilence();
  }

  /** Connect now instead of after the pause, unless the server asked for that. */
  retry() {
    const isWaiting = this.#started && this.#socket === null;
    if (isWaiting && this.#notBefore <= this.#environment.now()) this.#connect();
  }

  #receive(text) {
    this.#lastFrame = this.#updated = this.#environment.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch (error) {
      console.warn("The hub sent a frame that is not JSON:", error);
      return;
    }
    this.#listener.received(frame);
  }

  #afterClose(closeCode, closeReason) {
    const goodbye = this.#goodbye;
    const code = goodbye?.code ?? closeCode;
    const reason = goodbye?.reason || closeReason;
    if (goodbye?.reconnect === false || (code >= FIRST_FINAL && code <= LAST_FINAL)) {
      const text = `The hub closed the socket (${code}): `;
      if (code in MISTAKES) console.error(text + MISTAKES[code]);
      else console.info(text + reason);
      this.end(code, reason);
      return;
    }
    this.#cancel("watch");
    const now = this.#environment.now();
    if (this.#liveSince !== null && now - this.#liveSince >= STABLE_AFTER) this.#backoff.reset();
    const wanted = goodbye?.retry_ms ?? 0;
    this.#notBefore = now + wanted;
    this.#retryIn(Math.max(this.#backoff.next(), wanted));
  }

  #retryIn(delay) {
    this.#cancel("retry");
    this.#retryAt = this.#environment.now() + delay;
    this.#retryTimer = this.#environment.setTimeout(() => this.#connect(), delay);
    // Some systems report "offline" wrongly, so attempts go on.
    const name = this.#environment.window.navigator?.onLine === false ? "offline" : "waiting";
    this.#listener.stateChanged({ name, retry: delay, updated: this.#updated });
  }

  /** Reconnect after too long a silence. Timers of hidden tabs are late: the wall clock decides. */
  #checkSilence() {
    this.#cancel("watch");
    const now = this.#environment.now();
    this.#lastFrame = Math.min(this.#lastFrame, now); // the clock may have been set back
    const left = this.#lastFrame + this.#silenceAllowed - now;
    if (left > 0) {
      this.#watchTimer = this.#environment.setTimeout(() => this.#checkSilence(), left);
    } else {
      this.reconnect();
    }
  }

  #onWake = (event) => {
    if (event.type === "online") {
      this.#reconnectNow();
    } else if (event.type === "offline") {
      this.reconnect();
    } else if (this.#socket) {
      this.#checkSilence();
    } else if (this.#retryAt <= this.#environment.now()) {
      this.#connect();
    }
  };

  /** The network is back. It is seldom the same one, so the old connection is dead. */
  #reconnectNow() {
    this.#closeSocket();
    this.#cancel("watch");
    this.#retryIn(Math.max(0, this.#notBefore - this.#environment.now()));
  }

  #listen(verb) {
    const { window, document } = this.#environment;
    window[verb]("online", this.#onWake);
    window[verb]("offline", this.#onWake);
    document[verb]("visibilitychange", this.#onWake);
  }

  #release() {
    this.#started = false;
    this.#listen("removeEventListener");
    this.#cancel("retry");
    this.#cancel("watch");
    this.#closeSocket();
  }

  #closeSocket() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(NORMAL);
  }

  #cancel(which) {
    if (which === "retry") {
      this.#environment.clearTimeout(this.#retryTimer);
      this.#retryTimer = null;
    } else {
      this.#environment.clearTimeout(this.#watchTimer);
      this.#watchTimer = null;
    }
  }
}
