/** The topics of a browser's tabs that its one connection follows. */

export const MAX_TOPICS = 128; // of a connection; the server's limit

/**
 * @typedef {object} Tab
 * @property {Set<string>} topics of its page
 * @property {import("../cursors.js").Cursor | null} page where its page was rendered
 * @property {boolean} [visible]
 * @property {number} [looked] grows with each look of the user at a tab
 */

export class SharedTopics {
  #since = new Map(); // topic -> position from which it is followed

  /** A connection begins, which asks for the topics of its first page. */
  start(topics, since) {
    this.#since = new Map([...topics].map((topic) => [topic, since]));
  }

  /**
   * Follow what the tabs need now, each topic from where the oldest of their pages was rendered.
   * @param {import("../client.js").HubClient} client
   * @param {Iterable<Tab>} tabs
   * @returns {Set<string>} the topics that were not followed before
   */
  follow(client, tabs) {
    const wanted = shareTopics(tabs);
    const gone = [...this.#since.keys()].filter((topic) => !wanted.has(topic));
    const fresh = [...wanted].filter((topic) => !this.#since.has(topic));
    for (const topic of gone) this.#since.delete(topic);
    client.unsubscribe(gone);
    const groups = new Map();
    for (const topic of fresh) {
      const since = positionFor(topic, tabs, client.cursor);
      this.#since.set(topic, since);
      groups.set(since, [...(groups.get(since) ?? []), topic]);
    }
    for (const [since, topics] of groups) client.subscribe(topics, since);
    return new Set(fresh);
  }

  /** Whether a topic of this tab is followed from a later position only. @param {Tab} tab */
  isLateFor(tab) {
    const position = tab.page?.position ?? Infinity;
    return [...tab.topics].some((topic) => this.#since.get(topic) > position);
  }
}

/** Where the oldest page that needs the topic was rendered; without one, the present position. */
function positionFor(topic, tabs, cursor) {
  const pages = [...tabs].filter((tab) => tab.topics.has(topic)).map(({ page }) => page);
  const positions = pages.filter((page) => page?.epoch === cursor?.epoch).map((page) => page?.position);
  return positions.length > 0 ? Math.min(...positions) : cursor?.position;
}

/**
 * The topics of all tabs, as far as there is room: visible tabs first, of these and of the others
 * those that the user looked at last.
 * @param {Iterable<Tab>} tabs
 * @returns {Set<string>}
 */
function shareTopics(tabs) {
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
