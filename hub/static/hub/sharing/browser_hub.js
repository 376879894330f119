/**
 * The hub of one browser and user: one socket, one cursor and one board of toasts for all tabs.
 *
 * It runs in a SharedWorker, or in the page of the tab that leads where there is none, and talks to
 * each tab through a port. A tab sends `{op: …}`:
 * - `join`: once; see `Joined`
 * - `look`: `{visible, focused, capacity}`, whenever one of them changes
 * - `subscribe`, `unsubscribe`: `{topics}`
 * - `toast`: what happened to a toast, see `ToastBoard.tell`
 * - `network`: `{online}`; `retry`: connect now; `refresh`: read the inbox's figures again
 * - `leave`: the page is left
 *
 * A tab gets `event`, `welcome`, `missed`, `topics` and `state` as a `HubClient` emits them, and
 * `cursor` (to be kept), `board` (toasts to draw) and `inbox` (`{unseen, filters}`).
 *
 * @typedef {object} Joined
 * @property {string} url of the socket
 * @property {string} person primary key of the user, empty for a visitor
 * @property {string} page `epoch:position` that the page was rendered at
 * @property {string[]} topics of the page
 * @property {string[]} quiet topics of which this page wants no toasts
 * @property {string} [origin] name of the session, which events that it caused may carry
 * @property {import("../cursors.js").Cursor | null} remembered
 * @property {{toast: string, inbox: string, quiet?: string}} filters patterns of what the user does
 *   not want, and their quiet hours
 * @property {object} words translations, summaries by type, and paths: root, inbox, unseen
 * @property {object | null} stored toasts of the tab's previous page
 * @property {boolean} visible
 * @property {boolean} focused
 * @property {number} capacity toasts that fit into its window
 */
import { HubClient } from "../client.js";
import { parseCursor } from "../cursors.js";
import { InboxFigures } from "../inbox/figures.js";
import { RecentEvents } from "./recent_events.js";
import { SharedCursor } from "./shared_cursor.js";
import { SharedTopics } from "./shared_topics.js";
import { useTranslations } from "../texts.js";
import { eventFilter } from "../toasts/event_filter.js";
import { quietHours } from "../toasts/quiet_hours.js";
import { ToastBoard } from "../toasts/toast_board.js";

const EVERY_TOPIC = "*"; // of a page that wants no toasts at all
const EMPTY_TIME = 5_000; // ms without a tab after which the socket is closed: pages follow pages

export class BrowserHub {
  #environment;
  #tabs = new Set();
  #client = null;
  #board;
  #figures;
  #recent = new RecentEvents();
  #state = null;
  #welcome = null;
  #topics = null;
  #shared = new SharedTopics();
  #emptied = null; // timer since the last tab has left
  #looks = 0;
  #makesNoToast = eventFilter();
  #isQuietHour = quietHours();
  #origins = new Set(); // names of this browser's sessions: what they did needs no warning
  #root = "/";

  /** @param {object} environment as of `HubClient`, and `fetch` */
  constructor(environment) {
    this.#environment = environment;
    this.#board = new ToastBoard((tab, board) => tab.post({ op: "board", board }));
    this.#figures = new InboxFigures(environment, (figures) => this.#setFigures(figures));
  }

  /** A tab has opened. @param {{post: (message: object) => void}} port */
  connect(port) {
    const tab = { post: (message) => port.post(message), topics: new Set(), seen: 0 };
    return {
      receive: (message) => this.#receive(tab, message),
      lost: () => this.#leave(tab),
    };
  }

  #receive(tab, message) {
    const { op } = message;
    if (op === "join") this.#join(tab, message);
    else if (!this.#tabs.has(tab)) return;
    else if (op === "look") this.#look(tab, message);
    else if (op === "subscribe") this.#changeTopics(tab, message.topics, true);
    else if (op === "unsubscribe") this.#changeTopics(tab, message.topics, false);
    else if (op === "toast") this.#board.tell(message);
    else if (op === "network") this.#setOnline(message.online);
    else if (op === "retry") this.#client.retry();
    else if (op === "refresh") this.#figures.refresh();
    else if (op === "leave") this.#leave(tab);
  }

  #join(tab, joined) {
    const { words, filters, stored, origin } = joined;
    if (origin) this.#origins.add(origin);
    Object.assign(tab, {
      page: parseCursor(joined.page),
      topics: new Set(joined.topics),
      quiet: new Set(joined.quiet),
    });
    useTranslations(words.translations);
    this.#root = words.root.replace(/\/$/, "");
    this.#board.use(words);
    this.#figures.url = words.unseen;
    this.#filter(filters);
    this.#environment.clearTimeout(this.#emptied);
    this.#tabs.add(tab);
    const isFirst = this.#client === null;
    if (isFirst) this.#start(joined);
    else this.#catchUp(tab);
    if (isFirst && stored) {
      const age = Math.max(0, this.#environment.now() - stored.at);
      this.#board.unpack(stored, age, stored.running === true);
    }
    this.#look(tab, joined);
  }

  #start({ url, person, page, topics, remembered }) {
    this.#recent.clear();
    this.#shared.start(topics, parseCursor(page)?.position);
    this.#welcome = null;
    const memory = new SharedCursor(remembered, this.#environment, (what) =>
      this.#tellAll({ op: "cursor", ...what }),
    );
    const client = new HubClient({
      url,
      person,
      page,
      topics,
      memory,
      environment: this.#environment,
    });
    this.#client = client;
    const on = (type, act) =>
      client.addEventListener(type, (/** @type {CustomEvent} */ { detail }) => {
        if (client === this.#client) act(detail);
      });
    on("state", (state) => this.#setState(state));
    on("welcome", (frame) => {
      this.#welcome = frame;
      this.#recent.startAt(client.cursor, frame.recovered !== false);
      this.#board.restart();
      this.#tellAll({ op: "welcome", frame });
    });
    on("topics", (topics) => {
      this.#topics = topics;
      this.#recent.keep(new Set([...topics.own, ...topics.pages]));
      this.#tellAll({ op: "topics", topics });
    });
    on("missed", (missed) => {
      this.#tellAll({ op: "missed", missed });
      if (missed.reason === "topic" || person === "") return;
      this.#figures.refresh();
      this.#board.showMissed();
    });
    on("event", (event) => this.#event(event));
    client.start();
  }

  /** What the socket has told before this tab came. */
  #catchUp(tab) {
    if (this.#state) tab.post({ op: "state", state: this.#state });
    if (!this.#welcome) return;
    tab.post({ op: "welcome", frame: { ...this.#welcome, again: false } });
    if (this.#topics) tab.post({ op: "topics", topics: this.#topics });
    const { events, complete } = this.#recent.after(tab.page);
    for (const event of events) {
      if (isFor(tab, event)) tab.post({ op: "event", event: { ...event, handled: true } });
    }
    if (!complete || this.#shared.isLateFor(tab)) tellMissed(tab);
  }

  #event(event) {
    this.#recent.add(event);
    const message = { op: "event", event };
    for (const tab of this.#tabs) if (isFor(tab, event)) tab.post(message);
    if (!event.own) return;
    if (event.type === "inbox.changed") this.#figures.refresh();
    const isWanted = !this.#makesNoToast(event) && !this.#isQuietHour(event, this.#environment.now());
    const isOwnDoing = this.#origins.has(event.origin);
    if (event.title && !event.handled && isWanted && !isOwnDoing && !isQuiet(this.#viewer, event)) this.#board.add(this.#belowRoot(event));
  }

  #setState(state) {
    this.#state = state;
    if (state.name === "ended") this.#board.clear();
    this.#tellAll({ op: "state", state });
    if (state.name !== "ended") return;
    // These pages stay as they are now. One that opens later begins anew.
    this.#client = null;
    this.#tabs.clear();
    this.#board.look(null);
  }

  #setFigures(figures) {
    this.#filter(figures.filters);
    this.#tellAll({ op: "inbox", figures });
  }

  #filter({ toast, quiet }) {
    this.#makesNoToast = eventFilter(toast);
    this.#isQuietHour = quietHours(quiet);
  }

  #look(tab, { visible, focused, capacity }) {
    const isShown = tab.visible === false && visible;
    const isLookedAt = visible && (isShown || (focused && !tab.focused) || tab.looked === undefined);
    Object.assign(tab, { visible, focused, capacity });
    if (isLookedAt) {
      this.#looks += 1;
      tab.looked = this.#looks;
    }
    this.#board.look(this.#viewer);
    this.#shareTopics(isShown ? tab : null);
    if (visible) this.#environment.document.dispatchEvent(new Event("visibilitychange"));
  }

  /** The tab that the user looks at: of the visible ones that which had the focus last. */
  get #viewer() {
    const visible = [...this.#tabs].filter((tab) => tab.visible);
    return visible.sort((one, other) => (other.looked ?? 0) - (one.looked ?? 0))[0] ?? null;
  }

  #changeTopics(tab, topics, isWanted) {
    for (const topic of topics) {
      if (isWanted) tab.topics.add(topic);
      else tab.topics.delete(topic);
    }
    this.#shareTopics(null);
  }

  /** Follow the topics of the tabs. A tab that is shown and was left out must be read again. */
  #shareTopics(shown) {
    if (this.#client === null) return;
    const fresh = this.#shared.follow(this.#client, this.#tabs);
    if (shown && [...shown.topics].some((topic) => fresh.has(topic))) tellMissed(shown);
  }

  #setOnline(online) {
    const { window } = this.#environment;
    window.navigator.onLine = online;
    window.dispatchEvent(new Event(online ? "online" : "offline"));
  }

  #leave(tab) {
    if (!this.#tabs.delete(tab)) return;
    this.#board.look(this.#viewer);
    if (this.#tabs.size > 0) this.#shareTopics(null);
    else this.#emptied = this.#environment.setTimeout(() => this.#stop(), EMPTY_TIME);
  }

  #stop() {
    this.#client?.stop();
    this.#client = null;
    this.#state = null;
    this.#board.clear();
  }

  #tellAll(message) {
    for (const tab of [...this.#tabs]) tab.post(message);
  }

  /** The event with paths as the browser needs them: the server's are relative to the site's root. */
  #belowRoot(event) {
    const absolute = (path) => (path ? this.#root + path : path);
    return {
      ...event,
      url: absolute(event.url),
      image: absolute(event.image),
      actions: event.actions?.map((action) => ({ ...action, url: absolute(action.url) })),
    };
  }
}

function isQuiet(tab, { topic }) {
  return tab !== null && (tab.quiet.has(topic) || tab.quiet.has(EVERY_TOPIC));
}

function tellMissed(tab) {
  tab.post({ op: "missed", missed: { reason: "topic" } });
}

function isFor(tab, event) {
  return event.own || tab.topics.has(event.topic);
}
