/**
 * A tab's way to the hub of its browser: a SharedWorker; where there is none, the page of the tab
 * that leads; where tabs cannot agree on one, a hub of its own.
 *
 * @typedef {object} Port
 * @property {(message: object) => void} post
 * @property {() => void} close
 */
import { BrowserHub } from "./browser_hub.js";
import { surroundings } from "./surroundings.js";
import { whenLost } from "./tab_lock.js";

const VERSION = 1; // of the messages: tabs of two releases do not share a hub

/**
 * @param {string} key what only tabs with the same hub have in common
 * @param {object} on
 * @param {() => void} on.open a hub is there, perhaps another one than before: join it
 * @param {(message: object) => void} on.message
 * @returns {Port}
 */
export function openPort(key, on) {
  const name = `hub.${VERSION}.${key}`;
  if (!globalThis.SharedWorker) return leadOrFollow(name, on);
  try {
    return workerPort(name, on);
  } catch {
    return leadOrFollow(name, on); // the script is of another origin, or workers are switched off
  }
}

function workerPort(name, on) {
  const worker = new SharedWorker(new URL("./worker.js", import.meta.url), {
    type: "module",
    name,
  });
  const { port } = worker;
  let instead = null;
  port.addEventListener("message", ({ data }) => on.message(data));
  port.start();
  // The script did not load, or a policy of the page forbids workers.
  worker.addEventListener("error", () => {
    port.close();
    instead ??= leadOrFollow(name, on);
  });
  queueMicrotask(on.open);
  return {
    post: (message) => (instead ? instead.post(message) : port.postMessage(message)),
    close: () => (instead ?? port).close(),
  };
}

function leadOrFollow(name, on) {
  if (!globalThis.BroadcastChannel || !navigator.locks) return ownPort(on);
  const channel = new BroadcastChannel(name);
  const me = crypto.randomUUID();
  let own = null; // this tab's connection to the hub that it leads
  let isClosed = false;
  let resign = () => {};

  channel.addEventListener("message", ({ data: { lead, to, message } }) => {
    if (lead && own === null) on.open();
    else if (to === me) on.message(message);
  });
  navigator.locks.request(`${name}.leader`, () => {
    if (isClosed) return undefined;
    const hub = new BrowserHub(surroundings());
    own = hub.connect({ post: on.message });
    serve(hub, channel);
    channel.postMessage({ lead: true });
    on.open();
    return new Promise((resolve) => {
      resign = () => resolve(undefined);
    });
  });
  queueMicrotask(on.open);
  return {
    post: (message) => (own ? own.receive(message) : channel.postMessage({ from: me, message })),
    close: () => {
      isClosed = true;
      own?.lost();
      channel.close();
      resign();
    },
  };
}

/** Connect the other tabs, which speak by the channel. */
function serve(hub, channel) {
  const tabs = new Map();
  channel.addEventListener("message", ({ data: { from, message } }) => {
    if (!from) return;
    if (message.op === "join" && !tabs.has(from)) {
      const tab = hub.connect({ post: (said) => channel.postMessage({ to: from, message: said }) });
      tabs.set(from, tab);
      whenLost(message.lock, () => {
        tab.lost();
        tabs.delete(from);
      });
      tab.receive(message);
    } else if (message.op !== "join") {
      tabs.get(from)?.receive(message);
    }
  });
}

function ownPort(on) {
  const tab = new BrowserHub(surroundings()).connect({ post: on.message });
  queueMicrotask(on.open);
  return { post: tab.receive, close: tab.lost };
}
