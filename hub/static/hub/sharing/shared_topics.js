/** Which topics of a browser's tabs its one connection follows. */

export const MAX_TOPICS = 128; // of a connection; the server's limit

/**
 * The topics of all tabs, as far as there is room: visible tabs first, of these and of the others
 * those that the user looked at last.
 * @param {Iterable<{topics: Set<string>, visible?: boolean, looked?: number}>} tabs
 * @returns {Set<string>}
 */
export function shareTopics(tabs) {
  const ranked = [...tabs].sort(
    (one, other) =>
      Number(other.visible ?? false) - Number(one.visible ?? false) ||
      (other.looked ?? 0) - (one.looked ?? 0),
  );
  const shared = new Set();
  for (const { topics } of ranked) {
    for (const topic of topics) if (shared.size < MAX_TOPICS) shared.add(topic);
  }
  return shared;
}
