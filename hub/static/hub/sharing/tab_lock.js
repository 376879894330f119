/**
 * A lock that each tab holds while it lives: a tab that crashes says nothing, but its lock is free.
 * Pages that hold one are not kept for the back button, so it is given back when a page is left.
 */

/**
 * @param {(name: string) => void} held called once it is held, with its name; empty where there are
 *   no locks
 * @returns {() => void} gives it back
 */
export function holdLock(held) {
  const { locks } = navigator;
  if (!locks) {
    held(""); // not a secure context
    return () => {};
  }
  const name = `hub.tab.${crypto.randomUUID()}`;
  let release = () => {};
  const left = new Promise((resolve) => {
    release = () => resolve(undefined);
  });
  locks.request(name, () => {
    held(name);
    return left;
  });
  return () => release();
}

/** Call `act` once the lock is free. @param {string} name */
export function whenLost(name, act) {
  if (name) navigator.locks?.request(name, () => act());
}
