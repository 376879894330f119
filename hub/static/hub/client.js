/**
 * The hub's client in the browser: it follows the user's own topics and those of the page, resumes
 * where it stopped, and emits each event once.
 *
 *     const client = new HubClient({ url: "wss://shop.example/ws/", page, person, topics });
 *     client.addEventListener("event", ({ detail }) => …);
 *     client.start();
 *
 * It emits these events; `detail` is:
 * - `event`: a HubEvent
 * - `welcome`: the frame, with `again` true after a reconnect
 * - `state`: a LinkState: connecting, live, waiting, offline, ended, stopped
 * - `topics`: `{own, pages, refused}`, after each change
 * - `missed`: `{reason}`: some events can no longer be replayed; `topic`: those of a late topic
 *
 * @typedef {import("./link.js").LinkState} LinkState
 * @typedef {import("./cursors.js").Cursor} Cursor
 * @typedef {object} HubEvent an event's frame, with:
 * @property {number} [id] position; none for an ephemeral event
 * @property {string} epoch the log that it belongs to
 * @property {boolean} own whether its topic is one of the user's own
 * @property {boolean} replayed whether it happened before this connection was live
 * @property {boolean} handled whether an earlier page of this browser has emitted it
 */
import { parseCursor } from "./cursors.js";
import { Link } from "./link.js";

const RETRY_DELAY = 5_000; // ms until a topic that could not be checked is requested again
const ANOTHER_USER = "person"; // reason of an end: the session is no longer that of the page's user

export class HubClient extends EventTarget {
  #link;
  #memory;
  #environment;
  #ticket;
  #user;
  #pageCursor;
  #requested; // topics of the page, granted or not
  #own = new Set();
  #granted = new Set();
  #cursor = null;
  #deliveredAhead = new Set(); // positions above the cursor, of replies: the stream may repeat them
  #head = 0;
  #welcomes = 0;
  #live = false;
  #ref = 0;

  /**
   * @param {object} options
   * @param {string} options.url of the socket, ws: or wss:
   * @param {string} [options.page] `epoch:position` that the page was rendered at
   * @param {string} [options.person] primary key of the user that the page was rendered for
   * @param {Iterable<string>} [options.topics] of this page, besides the user's own
   * @param {import("./sharing/shared_cursor.js").SharedCursor} options.memory keeps the browser's cursor
   * @param {() => Promise<string>} [options.ticket] fetches a ticket for each hello; without it
   *   the session cookie authenticates
   * @param {object} options.environment window, document, WebSocket, now, random, setTimeout,
   *   clearTimeout
   */
  constructor(options) {
    super();
    this.#environment = options.environment;
    this.#user = String(options.person ?? "");
    this.#memory = options.memory;
    this.#pageCursor = parseCursor(options.page);
    this.#requested = new Set(options.topics ?? []);
    this.#ticket = options.ticket;
    this.#link = new Link(options.url, this.#environment, {
      opened: (connection) => this.#hello(connection),
      received: (frame) => this.#receive(frame),
      stateChanged: (state) => this.#stateChanged(state),
    });
  }

  start() {
    this.#link.start();
  }

  stop() {
    this.#link.stop();
  }

  /** Where the next hello resumes. @returns {Cursor | null} */
  get cursor() {
    return this.#cursor;
  }

  /**
   * Subscribe to further topics of this page.
   * @param {Iterable<string>} topics
   * @param {number} [since] position from which they are replayed
   */
  subscribe(topics, since = this.#cursor?.position) {
    const fresh = [...topics].filter((topic) => !this.#requested.has(topic));
    for (const topic of fresh) this.#requested.add(topic);
    this.#sendSubscribe(fresh, since);
  }

  /** @param {Iterable<string>} topics */
  unsubscribe(topics) {
    this.#sendUnsubscribe([...topics].filter((topic) => this.#requested.delete(topic)));
  }

  /** Connect now instead of after the pause. */
  retry() {
    this.#link.retry();
  }

  async #hello(connection) {
    const frame = { op: "hello", runs: true };
    const resume = this.#memory.resume(this.#pageCursor, this.#cursor);
    if (resume) frame.resume = resume;
    if (this.#requested.size > 0) frame.topics = [...this.#requested];
    if (this.#ticket) {
      try {
        frame.ticket = await this.#ticket();
      } catch (error) {
        console.warn("The hub could not get a ticket:", error);
        connection.reconnect();
        return;
      }
    }
    connection.send(frame);
  }

  #receive(frame) {
    if (frame.op === "event") this.#receiveEvent(frame);
    else if (frame.op === "events") for (const event of frame.events) this.#receiveEvent(event);
    else if (frame.op === "ping") this.#acknowledge(frame.position);
    else if (frame.op === "welcome") this.#welcome(frame);
    else if (frame.op === "topics") this.#changeOwnTopics(frame);
    else if (frame.op === "reply") this.#receiveReply(frame);
    else if (frame.op === "goodbye") this.#link.expectClose(frame);
  }

  #welcome(frame) {
    if (String(frame.user?.id ?? "") !== this.#user) {
      // Another user, or nobody, is signed in now: this page must not show that user's events.
      this.#link.end(0, ANOTHER_USER);
      return;
    }
    if (frame.epoch !== this.#cursor?.epoch) this.#deliveredAhead.clear();
    this.#cursor = { epoch: frame.epoch, position: frame.position };
    this.#memory.start(this.#cursor, frame.recovered !== false);
    this.#head = frame.head;
    this.#own = new Set(frame.topics);
    this.#granted = new Set(frame.pages);
    this.#live = true;
    this.#reconcileTopics(frame);
    this.#welcomes += 1;
    this.#link.welcomed(frame.ping);
    this.#emit("welcome", { ...frame, again: this.#welcomes > 1 });
    this.#emitTopics(frame.refused);
    if (frame.recovered === false) this.#emit("missed", { reason: frame.reason });
  }

  /** Topics may have been added or removed while the hello was on its way. */
  #reconcileTopics({ pages, refused = [], position }) {
    const answered = new Set([...pages, ...refused.map(({ topic }) => topic)]);
    this.#sendSubscribe([...this.#requested].filter((topic) => !answered.has(topic)), position);
    this.#sendUnsubscribe(pages.filter((topic) => !this.#requested.has(topic)));
  }

  #receiveEvent(frame) {
    if (frame.id === undefined) {
      this.#emitEvent(frame, false);
    } else if (frame.id > this.#cursor.position) {
      if (!this.#deliveredAhead.has(frame.id)) this.#emitEvent(frame, frame.id <= this.#head);
      this.#advance(frame.id);
    }
  }

  #emitEvent(frame, replayed) {
    const epoch = this.#cursor.epoch;
    const { handled } = this.#memory;
    this.#emit("event", {
      ...frame,
      epoch,
      own: this.#own.has(frame.topic),
      replayed,
      handled: handled?.epoch === epoch && frame.id <= handled.position,
    });
  }

  #acknowledge(position) {
    this.#advance(position);
    this.#link.send({ op: "pong", position });
  }

  #advance(position) {
    if (position < this.#cursor.position) return;
    this.#cursor = { epoch: this.#cursor.epoch, position };
    for (const id of this.#deliveredAhead) if (id <= position) this.#deliveredAhead.delete(id);
    this.#memory.advance(this.#cursor);
  }

  #changeOwnTopics({ added = [], removed = [] }) {
    for (const topic of added) this.#own.add(topic);
    for (const topic of removed) {
      this.#own.delete(topic);
      this.#granted.delete(topic);
    }
    this.#emitTopics();
  }

  #receiveReply({ ok, topics = [], refused = [], events = [], recovered, error }) {
    for (const topic of topics) if (this.#requested.has(topic)) this.#granted.add(topic);
    // These events do not move the cursor: events of other topics below them may still be on their
    // way. A connection that resumes below them gets them again.
    for (const event of events.filter(({ id }) => !this.#deliveredAhead.has(id))) {
      if (event.id > this.#cursor.position) this.#deliveredAhead.add(event.id);
      this.#emitEvent(event, true);
    }
    if (!ok && error && !error.temporary) console.warn(`The hub refused: ${error.message}`);
    if (ok) this.#emitTopics(refused);
    if (recovered === false) this.#emit("missed", { reason: "topic" });
    if (error?.temporary || refused.some(({ code }) => code === "unavailable")) this.#retryLater();
  }

  #sendSubscribe(topics, since) {
    if (topics.length === 0 || !this.#live) return; // the next hello requests all of them
    const frame = { op: "subscribe", ref: this.#nextRef(), topics };
    if (since !== undefined) frame.since = since;
    this.#link.send(frame);
  }

  #sendUnsubscribe(topics) {
    for (const topic of topics) this.#granted.delete(topic);
    if (topics.length === 0 || !this.#live) return; // the next hello does not request them
    this.#link.send({ op: "unsubscribe", ref: this.#nextRef(), topics });
  }

  #retryLater() {
    const since = this.#cursor?.position;
    this.#environment.setTimeout(() => {
      const missing = [...this.#requested].filter((topic) => !this.#granted.has(topic));
      this.#sendSubscribe(missing, since);
    }, RETRY_DELAY);
  }

  #stateChanged(state) {
    if (state.name !== "live") this.#live = false;
    if (state.name === "ended" || state.name === "stopped") this.#memory.write();
    this.#emit("state", state);
  }

  #emitTopics(refused = []) {
    this.#emit("topics", { own: [...this.#own], pages: [...this.#granted], refused });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #nextRef() {
    this.#ref += 1;
    return String(this.#ref);
  }
}
