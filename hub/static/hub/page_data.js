import { first } from "./dom.js";

/**
 * What the server has written onto the page for the hub: attributes `data-hub-…` of one element.
 *
 * @param {Document} page
 * @returns {DOMStringMap} empty without such an element
 */
export function pageData(page = document) {
  return first(page, "[data-hub-page]")?.dataset ?? {};
}
