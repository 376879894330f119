/** Reports the inbox as seen once its newest page has been visible for a moment. */
import { postSeen } from "./seen.js";

const VISIBLE_TIME = 1_000; // ms in a visible tab: longer than a page that opens by accident

// Offered by the newest page with unseen events; it does the same without this script.
const button = document.querySelector("[data-seen-upto]");
let timer = null;

function watch() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(report, VISIBLE_TIME);
}

async function report() {
  document.removeEventListener("visibilitychange", watch);
  // The bell follows by `inbox.changed`.
  const response = await postSeen([["upto", button.dataset.seenUpto]]);
  if (response.ok) button.remove();
}

if (button) {
  document.addEventListener("visibilitychange", watch);
  watch();
}
