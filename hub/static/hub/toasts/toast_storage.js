/** What a tab's page hands to its next one: the toasts of the board, in the tab's storage. */

const KEY = "hub.toasts";

export class ToastStorage {
  #storage;
  #user;

  /**
   * @param {Storage | null} storage null, or a storage that throws, hands nothing on
   * @param {string} user primary key
   */
  constructor(storage, user) {
    this.#storage = storage;
    this.#user = user;
  }

  /** What the page before has stored for this user, or null. */
  read() {
    try {
      const kept = JSON.parse(this.#storage?.getItem(KEY) ?? "null");
      return kept?.person === this.#user ? kept : null;
    } catch (error) {
      console.warn("The toasts of the previous page could not be read:", error);
      return null;
    }
  }

  /**
   * @param {object} packed as of `ToastQueue.pack`
   * @param {boolean} running whether the lifetime of the toasts goes on
   */
  write(packed, running) {
    const kept = { person: this.#user, at: Date.now(), running, ...packed };
    try {
      this.#storage?.setItem(KEY, JSON.stringify(kept));
    } catch (error) {
      console.warn("The toasts could not be stored for the next page:", error);
    }
  }

  /** Hand nothing on any more: the page no longer belongs to its user. */
  end() {
    try {
      this.#storage?.removeItem(KEY);
    } catch (error) {
      console.warn("The stored toasts could not be removed:", error);
    }
    this.#storage = null;
  }
}
