/** A client of ana (7), its surroundings, and the events that it emitted. */
import { HubClient } from "../../hub/static/hub/client.js";
import { SharedCursor } from "../../hub/static/hub/sharing/shared_cursor.js";
import { environment, welcome } from "./environment.js";

export class Tab {
  emitted = [];
  told = []; // what the client's memory asked to be kept

  constructor({ remembered = null, clock, ...options } = {}) {
    this.browser = environment(clock);
    this.client = new HubClient({
      url: "ws://shop.example/ws/",
      person: "7",
      memory: new SharedCursor(remembered, this.browser, (what) => this.told.push(what)),
      ...options,
      environment: this.browser,
    });
    for (const type of ["event", "welcome", "state", "topics", "missed"]) {
      this.client.addEventListener(type, ({ detail }) => this.emitted.push([type, detail]));
    }
    this.client.start();
  }

  get socket() {
    return this.browser.sockets.at(-1);
  }

  get state() {
    return this.of("state").at(-1);
  }

  of(type) {
    return this.emitted.filter(([emitted]) => emitted === type).map(([, detail]) => detail);
  }

  get ids() {
    return this.of("event").map(({ id }) => id);
  }

  welcome(frame = {}) {
    this.socket.open();
    this.socket.say(welcome(frame));
    return this;
  }

  event(id, frame = {}) {
    this.socket.say({ op: "event", id, type: "order.received", topic: "user.7", ...frame });
    return this;
  }

  get hello() {
    return this.socket.sent[0];
  }
}
