/** What the person does not want as a toast: their choices and mutes, as the page brought them. */

const ANY = "*";

/**
 * @param {string} [patterns] separated by spaces, each `topic/type`, with `*` for any
 * @returns {(frame: {topic?: string, type?: string}) => boolean} whether an event makes no toast
 */
export function quietFor(patterns = "") {
  const quiet = new Set(patterns.split(" ").filter(Boolean));
  return ({ topic = "", type = "" }) =>
    [`${topic}/${type}`, `${topic}/${ANY}`, `${ANY}/${type}`].some((one) => quiet.has(one));
}
