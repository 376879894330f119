import { BrowserHub } from "../../hub/static/hub/sharing/browser_hub.js";
import { environment, welcome } from "./environment.js";

/** A browser of ana (7): its hub, its socket, and the tabs that a test opens. */
export class Browser {
  constructor({ answers = {} } = {}) {
    this.surroundings = environment();
    this.fetched = [];
    this.surroundings.fetch = async (url) => {
      this.fetched.push(url);
      return { ok: true, json: async () => answers };
    };
    this.hub = new BrowserHub(this.surroundings);
  }

  open(options) {
    return new Tab(this.hub, options);
  }

  get sockets() {
    return this.surroundings.sockets;
  }

  get socket() {
    return this.sockets.at(-1);
  }

  welcome(frame = {}) {
    this.socket.open();
    this.socket.say(welcome({ pages: this.socket.sent[0].topics ?? [], ...frame }));
    return this;
  }

  event(id, frame = {}) {
    this.socket.say({
      op: "event",
      id,
      type: "order.received",
      topic: "user.7",
      title: `No. ${id}`,
      severity: "info",
      at: new Date().toISOString(),
      ...frame,
    });
    return this;
  }

  pass(ms) {
    this.surroundings.clock.pass(ms);
    return this;
  }
}

class Tab {
  got = [];

  constructor(hub, options = {}) {
    this.end = hub.connect({ post: (message) => this.got.push(message) });
    this.say("join", {
      lock: "",
      url: "ws://shop.example/ws/",
      person: "7",
      page: "e1:100",
      topics: [],
      quiet: [],
      filters: { toast: "", inbox: "" },
      remembered: null,
      words: {
        translations: {},
        summaries: { "product.price_dropped": "Prices dropped on {count} products" },
        root: "/shop/",
        inbox: "/shop/inbox/",
        unseen: "/shop/inbox/unseen",
      },
      stored: null,
      visible: true,
      focused: true,
      capacity: 4,
      ...options,
    });
  }

  say(op, message = {}) {
    this.end.receive({ op, ...message });
    return this;
  }

  look(visible, focused = visible) {
    return this.say("look", { visible, focused, capacity: 4 });
  }

  of(op) {
    return this.got.filter((message) => message.op === op);
  }

  get ids() {
    return this.of("event").map(({ event }) => event.id);
  }

  get toasts() {
    return (this.of("board").at(-1)?.board.shown ?? []).map(({ frame }) => frame.title);
  }

  /** How many toasts it would announce; it does so at once. */
  announce() {
    const { shown, fresh } = this.of("board").at(-1).board;
    for (const { uid, revision } of shown) {
      if (fresh.includes(uid)) this.say("toast", { did: "announced", uid, revision });
    }
    return fresh.length;
  }

  get uid() {
    return this.of("board").at(-1).board.shown[0].uid;
  }
}
