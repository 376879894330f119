/** Keeps the figures of the shop's pages live, by the events that the hub dispatches. */
import { pageData } from "../hub/page_data.js";
import { LiveFigures } from "./live_figures.js";

const figures = new LiveFigures((pageData().hubTopics ?? "").split(" ").filter(Boolean));
const on = (type, act) => document.addEventListener(`hub:${type}`, ({ detail }) => act(detail));

on("event", (event) => figures.apply(event));
on("welcome", ({ again }) => again && figures.refresh());
on("missed", () => figures.refresh());
on("state", ({ signedOut }) => signedOut && figures.end());
