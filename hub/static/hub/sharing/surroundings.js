/**
 * What a client needs of its surroundings, in a page or in a worker. A worker hears neither of the
 * network nor of the page's visibility: its tabs tell it, by events of `window` and `document`.
 */
export function surroundings() {
  const window = Object.assign(new EventTarget(), { navigator: { onLine: navigator.onLine } });
  return {
    window,
    document: new EventTarget(),
    WebSocket: globalThis.WebSocket,
    fetch: (url, options) => globalThis.fetch(url, options),
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (act, ms) => globalThis.setTimeout(act, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
  };
}
