/** Keeps the figures and lists of the shop's pages live. */
import { connect } from "../hub/hub.js";
import { showTimes } from "../hub/inbox/times.js";
import { LiveFigures } from "./live_figures.js";
import { LiveList } from "./live_list.js";

const figures = new LiveFigures();
const list = new LiveList();
const hub = connect();

for (const part of [figures, list]) {
  hub.on("event", (event) => part.apply(event));
  hub.on("welcome", ({ again }) => again && part.refresh());
  hub.on("missed", () => part.refresh());
  document.addEventListener("hub:state", ({ detail }) => detail.signedOut && part.end());
}
showTimes(document);

// Only the cards that are in view are followed: a shop has more products than a connection topics.
const view = new IntersectionObserver((changes) => {
  const [entered, left] = [true, false].map((isIn) =>
    changes
      .filter((change) => change.isIntersecting === isIn)
      .flatMap(({ target }) => target.dataset.topics.split(" ")),
  );
  if (entered.length > 0) hub.subscribe(entered);
  if (left.length > 0) hub.unsubscribe(left);
});
for (const card of document.querySelectorAll("[data-topics]")) view.observe(card);
