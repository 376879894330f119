/** The texts of the hub's scripts in the page's language; without a translation, in English. */

const source = globalThis.document?.getElementById("hub-texts")?.textContent;

/** By English text, as the page carries them. @type {Record<string, string>} */
export let translations = source ? JSON.parse(source) : {};

/** In a worker, which has no page. @param {Record<string, string>} ofPage */
export function useTranslations(ofPage) {
  translations = ofPage;
}

/**
 * @param {string} english as in hub/ui/texts.py
 * @param {Record<string, string | number>} [values] for each `{name}`
 */
export function text(english, values = {}) {
  const translated = Object.hasOwn(translations, english) ? translations[english] : english;
  return translated.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
