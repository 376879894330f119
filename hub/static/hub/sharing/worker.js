/** A SharedWorker: the hub of all tabs of one user. */
import { BrowserHub } from "./browser_hub.js";
import { surroundings } from "./surroundings.js";
import { whenLost } from "./tab_lock.js";

const hub = new BrowserHub(surroundings());

self.addEventListener("connect", (/** @type {MessageEvent} */ { ports: [port] }) => {
  const tab = hub.connect({ post: (message) => port.postMessage(message) });
  port.addEventListener("message", ({ data }) => {
    if (data.op === "join") whenLost(data.lock, tab.lost);
    tab.receive(data);
  });
  port.start();
});
