/** The user's preferences and mutes for toasts or for the inbox, as the page carries them. */

const ANY = "*";

/**
 * @param {string} [patterns] separated by spaces, each `topic/type`, with `*` for any
 * @returns {(frame: {topic?: string, type?: string}) => boolean} whether an event is left out
 */
export function eventFilter(patterns = "") {
  const hidden = new Set(patterns.split(" ").filter(Boolean));
  return ({ topic = "", type = "" }) =>
    [`${topic}/${type}`, `${topic}/${ANY}`, `${ANY}/${type}`].some((pattern) =>
      hidden.has(pattern),
    );
}
