/** The texts of the hub's scripts in the page's language; without a translation, in English. */

const source = globalThis.document?.getElementById("hub-texts")?.textContent;

/**
 * The forms of a text that depends on a number; `of` has the digit of the form for each number from
 * 0 on. They are the catalogue's own: its forms follow the rule in its head, which has no general
 * relation to the categories of Intl.PluralRules.
 * @typedef {{forms: string[], of: string}} Forms
 */

const PERIOD = 100; // as in hub/ui/texts.py

/** By English text, as the page carries them. @type {Record<string, string | Forms>} */
export let translations = source ? JSON.parse(source) : {};

/** In a worker, which has no page. @param {Record<string, string | Forms>} ofPage */
export function useTranslations(ofPage) {
  translations = ofPage;
}

/**
 * @param {string} english as in hub/ui/texts.py
 * @param {Record<string, string | number>} [values] for each `{name}`
 */
export function text(english, values = {}) {
  const found = Object.hasOwn(translations, english) ? translations[english] : english;
  return filled(typeof found === "string" ? found : english, values);
}

/**
 * A text for a number, of which a language may have several forms.
 * @param {string} one in English, for 1; as in hub/ui/texts.py
 * @param {string} many in English, for any other number
 * @param {number} count
 * @param {string | number} [shown] what stands for the number, such as "99+"
 */
export function counted(one, many, count, shown = count) {
  const found = Object.hasOwn(translations, one) ? translations[one] : null;
  if (found === null || typeof found === "string") {
    return filled(count === 1 ? one : many, { count: shown });
  }
  const repeated = count < PERIOD ? count : PERIOD + (count % PERIOD);
  return filled(found.forms[Number(found.of[repeated] ?? found.of.at(-1))], { count: shown });
}

/** @param {string} words @param {Record<string, string | number>} values */
function filled(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
