/** Keeps the figures of the shop's pages live. */
import { connect } from "../hub/hub.js";
import { LiveFigures } from "./live_figures.js";

const figures = new LiveFigures();
const hub = connect();

hub.on("event", (event) => figures.apply(event));
hub.on("welcome", ({ again }) => again && figures.refresh());
hub.on("missed", () => figures.refresh());
document.addEventListener("hub:state", ({ detail }) => detail.signedOut && figures.end());

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
