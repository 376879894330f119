/**
 * The hub in the browser: follows the person's own topics and those of the page, resumes where it
 * stopped, and hands each event on once.
 *
 *     const client = new HubClient({ url: "wss://shop.example/ws/", page, person, topics });
 *     client.addEventListener("event", ({ detail }) => …);
 *     client.start();
 *
 * It sends these events; `detail` is:
 * - `event`: the frame, with what the client knows of it, see HubEvent
 * - `welcome`: the frame, with `again` true when it was not the first
 * - `state`: a LinkState: connecting, live, waiting, offline, ended, stopped
 * - `topics`: `{own, pages, refused}`, whenever one of them changes
 * - `missed`: `{reason}`: some events cannot be caught up any more, or a late topic's cannot
 *
 * @typedef {import("./link.js").LinkState} LinkState
 * @typedef {import("./cursors.js").Cursor} Cursor
 * @typedef {object} HubEvent An event's frame and:
 * @property {number} [id] its position; an ephemeral event has none
 * @property {string} epoch the log it belongs to
 * @property {boolean} own it came by one of the person's own topics
 * @property {boolean} replayed it happened before this connection was live
 * @property {boolean} handled an earlier page of this browser has handed it on already
 * @property {boolean} seenByPage the page was rendered after it
 */
import { Cursors, parseCursor } from "./cursors.js";
import { Link } from "./link.js";

const TAB_MEMORY = 60_000; // ms; the tab's cursor is for its next page, not for the next day
const TRY_AGAIN = 5_000; // ms until a topic that could not be checked is asked for again
const ANOTHER_PERSON = "person"; // the reason of an end: the session is no longer the page's

export class HubClient extends EventTarget {
  #link;
  #browser;
  #tab;
  #surroundings;
  #ticket;
  #person;
  #page;
  #asked; // topics of the page
  #own = new Set();
  #granted = new Set();
  #cursor = null;
  #ahead = new Set(); // positions above the cursor that a reply has told; the stream may repeat them
  #handled = null; // what this browser had handled when this page started
  #head = 0;
  #welcomes = 0;
  #live = false;
  #ref = 0;

  /**
   * @param {object} options
   * @param {string} options.url of the socket, ws: or wss:
   * @param {string} [options.page] the position the page was rendered at, `epoch:position`
   * @param {string} [options.person] primary key of the person the page was rendered for
   * @param {Iterable<string>} [options.topics] of this page, besides the person's own
   * @param {Storage | null} [options.storage] where the browser's cursor is remembered
   * @param {Storage | null} [options.tabStorage] where this tab's is, from one page to the next
   * @param {() => Promise<string>} [options.ticket] fetches a ticket for each hello; without it
   *   the session cookie says who it is
   * @param {object} [options.surroundings] replaces window, document, WebSocket, now, random,
   *   setTimeout, clearTimeout (for tests)
   */
  constructor(options) {
    super();
    this.#surroundings = { ...browser(), ...options.surroundings };
    this.#browser = new Cursors(options.storage ?? null, this.#surroundings.now);
    this.#tab = new Cursors(options.tabStorage ?? null, this.#surroundings.now);
    this.#person = String(options.person ?? "");
    this.#page = parseCursor(options.page);
    this.#asked = new Set(options.topics ?? []);
    this.#ticket = options.ticket;
    this.#link = new Link(options.url, this.#surroundings, {
      opened: (connection) => this.#hello(connection),
      heard: (frame) => this.#hear(frame),
      changed: (state) => this.#changed(state),
    });
  }

  start() {
    this.#link.start();
  }

  stop() {
    this.#link.stop();
  }

  /** What a hello would resume from now. @returns {Cursor | null} */
  get cursor() {
    return this.#cursor;
  }

  /**
   * Hear further topics of this page, from now on or from a position on.
   * @param {Iterable<string>} topics
   * @param {number} [since]
   */
  subscribe(topics, since = this.#cursor?.position) {
    const fresh = [...topics].filter((topic) => !this.#asked.has(topic));
    for (const topic of fresh) this.#asked.add(topic);
    this.#ask(fresh, since);
  }

  /** @param {Iterable<string>} topics */
  unsubscribe(topics) {
    this.#leave([...topics].filter((topic) => this.#asked.delete(topic)));
  }

  /** Forget this person's cursor: the account is gone. */
  forget() {
    this.#browser.forget(this.#person);
    this.#tab.forget(this.#person);
  }

  async #hello(connection) {
    const frame = { op: "hello" };
    const resume = this.#resume();
    if (resume) frame.resume = resume;
    if (this.#asked.size > 0) frame.topics = [...this.#asked];
    if (this.#ticket) {
      try {
        frame.ticket = await this.#ticket();
      } catch (error) {
        console.warn("The hub could not get a ticket:", error);
        connection.drop();
        return;
      }
    }
    connection.send(frame);
  }

  /**
   * Where to go on. The tab's own cursor comes first: what a hidden tab has handled, nobody has
   * seen yet. A page that is older than the cursor (the page before went on while this one was
   * made, or the back button) still needs the events in between for what it shows; `handled` keeps
   * them from being told twice.
   */
  #resume() {
    if (this.#cursor) {
      this.#handled = this.#tab.read(this.#person) ?? this.#handled;
      return this.#cursor;
    }
    const remembered =
      this.#tab.read(this.#person, TAB_MEMORY) ?? this.#browser.read(this.#person);
    this.#handled = remembered;
    const page = this.#page;
    if (!page || !remembered || page.epoch !== remembered.epoch) return page ?? remembered;
    return page.position < remembered.position ? page : remembered;
  }

  #hear(frame) {
    if (frame.op === "event") this.#event(frame);
    else if (frame.op === "ping") this.#pong(frame.position);
    else if (frame.op === "welcome") this.#welcome(frame);
    else if (frame.op === "topics") this.#moved(frame);
    else if (frame.op === "reply") this.#replied(frame);
    else if (frame.op === "goodbye") this.#link.partWith(frame);
  }

  #welcome(frame) {
    if (String(frame.user?.id ?? "") !== this.#person) {
      // Signed in as someone else, or out, since the page was made: it must not show theirs.
      this.#link.end(0, ANOTHER_PERSON);
      return;
    }
    if (frame.epoch !== this.#cursor?.epoch) this.#ahead.clear();
    this.#cursor = { epoch: frame.epoch, position: frame.position };
    for (const cursors of [this.#browser, this.#tab]) {
      if (frame.recovered === false) cursors.replace(this.#person, this.#cursor);
      else cursors.raise(this.#person, this.#cursor);
    }
    this.#head = frame.head;
    this.#own = new Set(frame.topics);
    this.#granted = new Set(frame.pages);
    this.#live = true;
    this.#settle(frame);
    this.#welcomes += 1;
    this.#link.welcomed(frame.ping);
    this.#tell("welcome", { ...frame, again: this.#welcomes > 1 });
    this.#tellTopics(frame.refused);
    if (frame.recovered === false) this.#tell("missed", { reason: frame.reason });
  }

  /** The page may have changed its mind while the hello was on its way. */
  #settle({ pages, refused = [], position }) {
    const answered = new Set([...pages, ...refused.map(({ topic }) => topic)]);
    this.#ask([...this.#asked].filter((topic) => !answered.has(topic)), position);
    this.#leave(pages.filter((topic) => !this.#asked.has(topic)));
  }

  #event(frame) {
    if (frame.id === undefined) {
      this.#hand(frame, false);
    } else if (frame.id > this.#cursor.position) {
      if (!this.#ahead.has(frame.id)) this.#hand(frame, frame.id <= this.#head);
      this.#advance(frame.id);
    }
  }

  #hand(frame, replayed) {
    const epoch = this.#cursor.epoch;
    const before = (cursor) => cursor?.epoch === epoch && frame.id <= cursor.position;
    this.#tell("event", {
      ...frame,
      epoch,
      own: this.#own.has(frame.topic),
      replayed,
      handled: before(this.#handled),
      seenByPage: before(this.#page),
    });
  }

  #pong(position) {
    this.#advance(position);
    this.#link.send({ op: "pong", position });
  }

  #advance(position) {
    if (position < this.#cursor.position) return;
    this.#cursor = { epoch: this.#cursor.epoch, position };
    for (const id of this.#ahead) if (id <= position) this.#ahead.delete(id);
    this.#browser.raise(this.#person, this.#cursor);
    this.#tab.raise(this.#person, this.#cursor);
  }

  #moved({ added = [], removed = [] }) {
    for (const topic of added) this.#own.add(topic);
    for (const topic of removed) {
      this.#own.delete(topic);
      this.#granted.delete(topic);
    }
    this.#tellTopics();
  }

  #replied({ ok, topics = [], refused = [], events = [], recovered, error }) {
    for (const topic of topics) if (this.#asked.has(topic)) this.#granted.add(topic);
    // They do not move the cursor: other topics' events below them may still be on their way. So a
    // connection that resumes from below them tells them again.
    for (const event of events.filter(({ id }) => !this.#ahead.has(id))) {
      if (event.id > this.#cursor.position) this.#ahead.add(event.id);
      this.#hand(event, true);
    }
    if (!ok && error && !error.temporary) console.warn(`The hub refused: ${error.message}`);
    if (ok) this.#tellTopics(refused);
    if (recovered === false) this.#tell("missed", { reason: "topic" });
    if (error?.temporary || refused.some(({ code }) => code === "unavailable")) this.#askLater();
  }

  #ask(topics, since) {
    if (topics.length === 0 || !this.#live) return; // the next hello asks for all of them
    const frame = { op: "subscribe", ref: this.#nextRef(), topics };
    if (since !== undefined) frame.since = since;
    this.#link.send(frame);
  }

  #leave(topics) {
    for (const topic of topics) this.#granted.delete(topic);
    if (topics.length === 0 || !this.#live) return; // the next hello does not ask for them
    this.#link.send({ op: "unsubscribe", ref: this.#nextRef(), topics });
  }

  #askLater() {
    const since = this.#cursor?.position;
    this.#surroundings.setTimeout(() => {
      const open = [...this.#asked].filter((topic) => !this.#granted.has(topic));
      this.#ask(open, since);
    }, TRY_AGAIN);
  }

  #changed(state) {
    if (state.name !== "live") this.#live = false;
    this.#tell("state", state);
  }

  #tellTopics(refused = []) {
    this.#tell("topics", { own: [...this.#own], pages: [...this.#granted], refused });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #nextRef() {
    this.#ref += 1;
    return String(this.#ref);
  }
}

function browser() {
  return {
    window: globalThis.window,
    document: globalThis.document,
    WebSocket: globalThis.WebSocket,
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (act, ms) => globalThis.setTimeout(act, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
  };
}
