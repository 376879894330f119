/**
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {string} [className]
 * @param {string} [text] which is never read as HTML
 * @returns {HTMLElementTagNameMap[N]}
 */
export function element(name, className = "", text = "") {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

/**
 * A link, or plain text where there is nowhere to lead.
 * @param {string | undefined} url
 * @param {string} text
 */
export function linkOrText(url, text) {
  if (!url) return element("span", "", text);
  const node = element("a", "", text);
  node.href = url;
  return node;
}

/**
 * The elements of a part of the page.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
export function all(root, selector) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
}

/**
 * The first one, or null.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function first(root, selector) {
  return root.querySelector(selector);
}

/**
 * Call `act` with the `detail` of what the hub dispatches on the page.
 * @param {"event" | "welcome" | "missed" | "state"} type
 * @param {(detail: any) => void} act
 */
export function onHub(type, act) {
  document.addEventListener(`hub:${type}`, (event) => act(/** @type {CustomEvent} */ (event).detail));
}
