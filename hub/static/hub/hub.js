/**
 * The hub in a page: `connect` joins the hub that all tabs of the browser share.
 *
 *     import { connect } from "/static/hub/hub.js";
 *
 *     const hub = connect();
 *     hub.on("event", (event) => console.log(event.type, event.data));
 *     hub.subscribe("product.7.page");
 *
 * On a page with `{% hub_head %}` it is connected already: `connect()` returns that connection.
 *
 * @typedef {import("./link.js").LinkState} LinkState
 * @typedef {import("./client.js").HubEvent} HubEvent
 * @typedef {object} PageEvent
 * @property {boolean} seenByPage whether the page was rendered after the event
 */
import { Cursors, parseCursor } from "./cursors.js";
import { pageData } from "./page_data.js";
import { openPort } from "./sharing/port.js";
import { holdLock } from "./sharing/tab_lock.js";
import { translations } from "./texts.js";

/** @type {Hub | null} */
let connected = null;

/**
 * @param {Partial<ReturnType<typeof fromPage>>} [options] instead of what the page carries
 * @returns {Hub}
 */
export function connect(options = {}) {
  connected ??= new Hub({ ...fromPage(), ...options });
  return connected;
}

/** What `{% hub_head %}` has written onto the page. */
function fromPage() {
  const data = pageData();
  const root = data.hubRoot ?? "/";
  const url = new URL(data.hubSocket ?? `${root}ws/`, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return {
    url: url.href,
    root,
    page: data.hubPage ?? "",
    person: data.hubPerson ?? "",
    topics: words(data.hubTopics),
    quiet: words(data.hubQuiet),
    filters: {
      toast: data.hubFilter ?? "",
      inbox: data.hubInboxFilter ?? "",
      quiet: data.hubQuietHours ?? "",
    },
    origin: data.hubOrigin ?? "",
    inbox: data.hubInbox ?? "",
    unseen: data.hubUnseen ?? "",
    summaries: JSON.parse(data.hubSummaries ?? "{}"),
  };
}

/** A page's connection. It emits what `on` names. */
export class Hub extends EventTarget {
  #options;
  #topics;
  #cursors;
  #cursor; // up to which this page was told of events
  #port = null;
  #lock = ""; // its name
  #release = () => {};
  #isLeft = false;
  /** @type {LinkState} */
  #state = { name: "connecting" };
  #look = { visible: !document.hidden, focused: document.hasFocus(), capacity: 0 };
  /** Gives the toasts that the tab's previous page has stored. @type {() => object | null} */
  stored = () => null;
  /** The user's inbox: `unseen` as it was last read, null before that. */
  inbox = { unseen: null, refresh: () => this.#post({ op: "refresh" }) };

  /** @param {ReturnType<typeof fromPage>} options */
  constructor(options) {
    super();
    this.#options = options;
    this.#topics = new Set(options.topics);
    this.#cursors = new Cursors(storageOf("localStorage"));
    this.#cursor = parseCursor(options.page);
    // Later than the page's own listeners, which may have something to tell when it is left.
    queueMicrotask(() => this.#start());
  }

  #start() {
    this.#open();
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#open());
    for (const type of ["focus", "blur"]) addEventListener(type, () => this.#looks());
    document.addEventListener("visibilitychange", () => this.#looks());
    for (const type of ["online", "offline"]) {
      addEventListener(type, () => this.#post({ op: "network", online: type === "online" }));
    }
  }

  /** The state of the connection. @returns {LinkState} */
  get state() {
    return this.#state;
  }

  /**
   * Call `act` with the detail of each
   * - `event`: a HubEvent and PageEvent
   * - `welcome`: the server's frame, with `again` true after a reconnect
   * - `missed`: `{reason}`: some events cannot be had any more; read the page again
   * - `state`: a LinkState
   * - `topics`: `{own, pages, refused}` that are followed
   * - `board`: toasts to draw · `inbox`: `{unseen, filters}`
   * @param {string} type
   * @param {(detail: any) => void} act
   * @returns {() => void} ends it
   */
  on(type, act) {
    const listen = (event) => act(event.detail);
    this.addEventListener(type, listen);
    return () => this.removeEventListener(type, listen);
  }

  /** Follow further topics on this page. @param {string | Iterable<string>} topics */
  subscribe(topics) {
    this.#change("subscribe", topics, (topic) => this.#topics.add(topic));
  }

  /** @param {string | Iterable<string>} topics */
  unsubscribe(topics) {
    this.#change("unsubscribe", topics, (topic) => this.#topics.delete(topic));
  }

  /** Connect now instead of after the pause. */
  retry() {
    this.#post({ op: "retry" });
  }

  /** Tell what happened to a toast. @param {{did: string, uid: string, left?: number}} told */
  toast(told) {
    this.#post({ op: "toast", ...told });
  }

  /** How many toasts fit into the window. @param {number} number */
  set capacity(number) {
    if (number === this.#look.capacity) return;
    this.#look.capacity = number;
    this.#post({ op: "look", ...this.#look });
  }

  #open() {
    const { root, person, url } = this.#options;
    this.#isLeft = false;
    // Only then: a hub that finds the lock free takes the tab for lost.
    this.#release = holdLock((name) => {
      if (this.#isLeft) return;
      this.#lock = name;
      this.#port = openPort(`${person}@${url}${root}`, {
        open: () => this.#join(),
        message: (message) => this.#receive(message),
      });
    });
  }

  #join() {
    const { url, person, quiet, filters, origin, root, inbox, unseen, summaries } = this.#options;
    this.#look.visible = !document.hidden;
    this.#look.focused = document.hasFocus();
    this.#post({
      op: "join",
      lock: this.#lock,
      url,
      person,
      page: this.#cursor ? `${this.#cursor.epoch}:${this.#cursor.position}` : "",
      topics: [...this.#topics],
      quiet,
      filters,
      origin,
      remembered: this.#cursors.read(person),
      words: { translations, summaries, root, inbox, unseen },
      stored: this.stored(),
      ...this.#look,
    });
    if (!navigator.onLine) this.#post({ op: "network", online: false });
  }

  /** @param {any} message */
  #receive({ op, ...message }) {
    if (op === "event") this.#event(message.event);
    else if (op === "cursor") this.#keep(message);
    else if (op === "state") this.#setState(message.state);
    else if (op === "welcome") this.#emit(op, message.frame);
    else if (op === "inbox") this.#setInbox(message.figures);
    else this.#emit(op, message[op]);
  }

  #event(event) {
    const page = parseCursor(this.#options.page);
    const seenByPage = page?.epoch === event.epoch && event.id <= page.position;
    this.#emit("event", { ...event, seenByPage });
  }

  /** The browser's cursor goes on, and with it that of this page. */
  #keep({ cursor, recovered }) {
    const { person } = this.#options;
    if (recovered) this.#cursors.raise(person, cursor);
    else this.#cursors.replace(person, cursor);
    this.#cursor = cursor;
  }

  #setState(state) {
    this.#state = state;
    if (state.name === "ended" && state.reason === "deleted") {
      this.#cursors.forget(this.#options.person);
    }
    this.#emit("state", state);
  }

  #setInbox(figures) {
    this.inbox.unseen = figures.unseen;
    this.#options.filters = figures.filters;
    this.#emit("inbox", figures);
  }

  #looks() {
    this.#look.visible = !document.hidden;
    this.#look.focused = document.hasFocus();
    this.#post({ op: "look", ...this.#look });
  }

  #close() {
    this.#isLeft = true;
    this.#post({ op: "leave" });
    this.#port?.close();
    this.#port = null;
    this.#release();
  }

  #change(op, topics, act) {
    const all = typeof topics === "string" ? [topics] : [...topics];
    all.forEach(act);
    this.#post({ op, topics: all });
  }

  #post(message) {
    this.#port?.post(message);
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The storage, or null where the browser refuses it. @param {"localStorage" | "sessionStorage"} name */
export function storageOf(name) {
  try {
    return window[name];
  } catch {
    return null;
  }
}

const words = (text = "") => text.split(" ").filter(Boolean);
