/** The samples of the minutes before the page was opened, then those that come over the socket. */

const PATIENCE = 5_000; // ms for the past to arrive; without it the page begins empty
const MAX_WAITING = 1_000; // samples that come while the past is fetched

/**
 * Calls `take` with the data of each sample and when it was, in ms, in order and once each.
 *
 * @param {string} url of the past
 * @param {(data: object, at: number) => void} take
 * @returns {(event: object) => void} to be called with each event that comes over the socket
 */
export function withHistory(url, take) {
  /** @type {[object, number][] | null} */
  let waiting = [];
  load(url)
    .then((past) => {
      const known = new Set(past.map(([, event]) => name(event)));
      const now = Date.now();
      for (const [ago, { data }] of past) take(data, now - ago);
      for (const [event, at] of waiting) if (!known.has(name(event))) take(event.data, at);
    })
    .catch(() => {
      for (const [event, at] of waiting) take(event.data, at);
    })
    .finally(() => {
      waiting = null;
    });
  return (event) => {
    if (!waiting) take(event.data, Date.now());
    else if (waiting.length < MAX_WAITING) waiting.push([event, Date.now()]);
  };
}

async function load(url) {
  const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error(`the history: ${response.status}`);
  return response.json();
}

function name({ at, data }) {
  return `${data.process} ${at}`;
}
