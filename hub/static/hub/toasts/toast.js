/** The element of one toast. Text from the server is never HTML, and links stay on this site. */
import { element, first, linkOrText } from "../dom.js";
import { text as translated } from "../texts.js";

const MARKS = { info: "i", success: "✓", warning: "!", critical: "!" };
// As the server's check: browsers drop tabs and line ends before they look for `//host`.
const OWN_PATH = /^\/(?![/\\])[^\x00-\x1f]*$/;
const WORDS = { warning: "Warning:", critical: "Important:" };

/**
 * @param {object} frame severity, title, body, url, actions and image of the event
 * @param {object} does
 * @param {() => void} does.close called when the user closes the toast
 * @param {(action: {label: string, url: string}) => void} does.act called for an action that posts
 * @returns {HTMLElement}
 */
export function toastElement(frame, { close, act }) {
  const severity = Object.hasOwn(MARKS, frame.severity) ? frame.severity : "info";
  const toast = element("li", "hub-toast");
  toast.dataset.severity = severity;
  toast.dataset.type = frame.type ?? "";

  const mark = element("span", "hub-toast-mark", MARKS[severity]);
  mark.setAttribute("aria-hidden", "true");

  const title = element("p", "hub-toast-title");
  title.dir = "auto";
  const word = WORDS[severity];
  if (word) title.append(element("span", "hub-visually-hidden", `${translated(word)} `));
  title.append(link(frame.url, frame.title));
  const text = element("div", "hub-toast-text");
  text.append(title);
  if (frame.body) {
    const body = element("p", "hub-toast-body", frame.body);
    body.dir = "auto";
    text.append(body);
  }
  const actions = (frame.actions ?? []).filter(({ url }) => isOfThisSite(url));
  if (actions.length > 0) {
    const line = element("p", "hub-toast-actions");
    line.append(
      ...actions.map((action) =>
        action.method === "post" ? button(action, act) : link(action.url, action.label),
      ),
    );
    text.append(line);
  }

  const closer = element("button", "hub-toast-close", "×");
  closer.type = "button";
  closer.setAttribute("aria-label", translated("Close: {title}", { title: frame.title }));
  closer.addEventListener("click", close);

  toast.append(mark, text);
  if (isOfThisSite(frame.image)) {
    const image = element("img", "hub-toast-image");
    image.alt = "";
    image.src = frame.image;
    toast.append(image);
  }
  toast.append(closer);
  return toast;
}

/** Say on a toast that its action failed, and offer it again. */
export function showFailure(toast, words) {
  for (const node of toast.querySelectorAll("button")) node.disabled = false;
  first(toast, ".hub-toast-failed")?.remove();
  const line = element("p", "hub-toast-failed", words);
  line.setAttribute("role", "alert");
  first(toast, ".hub-toast-text").append(line);
}

/** The server refuses other links as well; a script must not rely on that. */
export function isOfThisSite(url) {
  return typeof url === "string" && OWN_PATH.test(url);
}

function button(action, act) {
  const node = element("button", "hub-button", action.label);
  node.type = "button";
  node.addEventListener("click", () => {
    node.disabled = true;
    act(action);
  });
  return node;
}

/** A link, or plain text if the URL leads to another site or nowhere. */
function link(url, text) {
  return linkOrText(isOfThisSite(url) ? url : "", text);
}
