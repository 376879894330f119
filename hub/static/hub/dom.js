/** @returns {HTMLElement} with a class and a text, which is never read as HTML */
export function element(name, className = "", text = "") {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
