/** The element of one toast. Text from the server is never HTML, and links stay on this site. */
import { element } from "../dom.js";
import { text as translated } from "../texts.js";

const MARKS = { info: "i", success: "✓", warning: "!", critical: "!" };
// As the server's check: browsers drop tabs and line ends before they look for `//host`.
const OWN_PATH = /^\/(?![/\\])[^\x00-\x1f]*$/;
const WORDS = { warning: "Warning:", critical: "Important:" };

/**
 * @param {object} frame severity, title, body, url, actions and image of the event
 * @param {() => void} close called when the user closes the toast
 * @returns {HTMLElement}
 */
export function toastElement(frame, close) {
  const severity = Object.hasOwn(MARKS, frame.severity) ? frame.severity : "info";
  const toast = element("div", "hub-toast");
  toast.dataset.severity = severity;
  toast.dataset.type = frame.type ?? "";

  const mark = element("span", "hub-toast-mark", MARKS[severity]);
  mark.setAttribute("aria-hidden", "true");

  const title = element("p", "hub-toast-title");
  const word = WORDS[severity];
  if (word) title.append(element("span", "hub-visually-hidden", `${translated(word)} `));
  title.append(link(frame.url, frame.title));
  const text = element("div", "hub-toast-text");
  text.append(title);
  if (frame.body) text.append(element("p", "hub-toast-body", frame.body));
  const actions = (frame.actions ?? []).filter(({ url }) => isOfThisSite(url));
  if (actions.length > 0) {
    const line = element("p", "hub-toast-actions");
    line.append(...actions.map(({ label, url }) => link(url, label)));
    text.append(line);
  }

  const button = element("button", "hub-toast-close", "×");
  button.type = "button";
  button.setAttribute("aria-label", translated("Close: {title}", { title: frame.title }));
  button.addEventListener("click", close);

  toast.append(mark, text);
  if (isOfThisSite(frame.image)) {
    const image = element("img", "hub-toast-image");
    image.alt = "";
    image.src = frame.image;
    toast.append(image);
  }
  toast.append(button);
  return toast;
}

/** The server refuses other links as well; a script must not rely on that. */
export function isOfThisSite(url) {
  return typeof url === "string" && OWN_PATH.test(url);
}

/** A link, or plain text if the URL leads to another site or nowhere. */
function link(url, text) {
  const node = element(isOfThisSite(url) ? "a" : "span", "", text);
  if (node instanceof HTMLAnchorElement) node.href = url;
  return node;
}
