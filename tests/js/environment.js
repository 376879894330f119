/** A browser made of nothing: time, network and storage that a test turns by hand. */

/** A clock with timers: time passes when the test says so. */
export class Clock {
  now = 1_000_000;
  #timers = new Map();
  #last = 0;

  setTimeout = (act, ms) => {
    this.#last += 1;
    this.#timers.set(this.#last, { act, at: this.now + ms });
    return this.#last;
  };

  clearTimeout = (timer) => this.#timers.delete(timer);

  /** Let `ms` pass and run the timers that fall due, in order. */
  pass(ms) {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      if (due.length === 0) break;
      const [timer, { act, at }] = due.sort(([, one], [, other]) => one.at - other.at)[0];
      this.#timers.delete(timer);
      this.now = Math.max(this.now, at);
      act();
    }
    this.now = end;
  }

  /** Let `ms` pass without running timers, like a machine that sleeps. */
  sleep(ms) {
    this.now += ms;
  }

  get pending() {
    return this.#timers.size;
  }
}

/** A WebSocket whose other end is the test. */
export class FakeSocket {
  readyState = 0;
  sent = [];
  closed = null;

  constructor(url) {
    this.url = url;
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closed = code;
    this.readyState = 3;
  }

  open() {
    this.readyState = 1;
    this.onopen({});
  }

  say(frame) {
    this.onmessage({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  drop(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
  }
}

export class FakeStorage {
  items = new Map();
  writes = 0;
  getItem = (key) => this.items.get(key) ?? null;
  setItem = (key, text) => {
    this.writes += 1;
    this.items.set(key, text);
  };
  removeItem = (key) => void this.items.delete(key);
}

/** Replaces the browser for a client. `sockets` are those that it opened; `random` is 0.5. */
export function environment(clock = new Clock()) {
  const sockets = [];
  const window = new EventTarget();
  window.navigator = { onLine: true };
  const document = new EventTarget();
  document.visibilityState = "visible";
  return {
    clock,
    sockets,
    window,
    document,
    WebSocket: class extends FakeSocket {
      constructor(url) {
        super(url);
        sockets.push(this);
      }
    },
    now: () => clock.now,
    random: () => 0.5,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
  };
}

/** The first frame of a server to ana (7), at position 100. */
export function welcome(frame = {}) {
  return {
    op: "welcome",
    user: { id: 7, name: "ana" },
    epoch: "e1",
    position: 100,
    head: 100,
    recovered: true,
    topics: ["user.7"],
    pages: [],
    refused: [],
    ping: 25,
    ...frame,
  };
}
