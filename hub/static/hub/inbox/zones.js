/** Fills in the browser's time zone where the user has chosen none, and suggests all others. */
import { element, first } from "../dom.js";

const own = /** @type {HTMLInputElement | null} */ (first(document, "[data-hub-own-zone]"));
if (own) own.value = Intl.DateTimeFormat().resolvedOptions().timeZone;

const names = Intl.supportedValuesOf?.("timeZone") ?? [];
first(document, "#hub-zones")?.append(
  ...names.map((name) => {
    const option = element("option");
    option.value = name;
    return option;
  }),
);
