/** A line chart over the last minutes, in the colours of the page. */
import uPlot from "./vendor/uPlot.esm.js";

const HEIGHT = 220; // CSS pixels
const FONT = "12px system-ui, sans-serif";

export class Chart {
  #plot;
  #node;

  /**
   * @param {HTMLElement} node filled with the chart
   * @param {object} options
   * @param {{token: string, area?: string}[]} options.lines colour tokens of each line
   * @param {number} options.least the vertical scale reaches at least this value
   * @param {(value: number) => string} options.format
   * @param {(second: number | null, values: (number | null)[]) => void} options.pointed called
   *   with the second under the pointer, null after it left
   */
  constructor(node, { lines, least, format, pointed }) {
    this.#node = node;
    const axis = { stroke: tone("--hub-muted"), font: FONT, ticks: { show: false } };
    const grid = { stroke: tone("--hub-border"), width: 1 };
    const options = {
      width: this.#width,
      height: HEIGHT,
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 7 },
        sync: { key: "metrics" }, // both charts point at the same second
      },
      scales: {
        x: { time: true },
        y: { range: (_plot, _low, high) => [0, Math.max(least, (high ?? 0) * 1.15)] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 32, space: 70, values: clockTimes },
        { ...axis, grid, size: 56, space: 40, values: (_plot, splits) => splits.map(format) },
      ],
      series: [
        {},
        ...lines.map(({ token, area }) => ({
          stroke: tone(token),
          fill: area ? tone(area) : undefined,
          width: 2,
          points: { show: false },
        })),
      ],
      hooks: {
        setCursor: [
          ({ cursor: { idx }, data: [seconds, ...columns] }) => {
            const at = idx === null || idx === undefined ? null : seconds[idx];
            pointed(at, at === null ? [] : columns.map((column) => column[idx]));
          },
        ],
      },
    };
    this.#plot = new uPlot(options, [[], ...lines.map(() => [])], node);
    new ResizeObserver(() => {
      if (this.#width !== this.#plot.width) {
        this.#plot.setSize({ width: this.#width, height: HEIGHT });
      }
    }).observe(node);
    // A canvas keeps the colours it was drawn with.
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.#plot.redraw());
  }

  /** @param {number[]} seconds @param {(number | null)[][]} columns one per line */
  draw(seconds, columns) {
    this.#plot.setData([seconds, ...columns], false);
    this.#plot.setScale("x", { min: seconds[0], max: seconds.at(-1) });
  }

  get #width() {
    return Math.max(120, Math.floor(this.#node.clientWidth));
  }
}

/** Times of day in the user's locale. */
function clockTimes(_plot, seconds) {
  const style = { hour: "numeric", minute: "2-digit" };
  return seconds.map((second) => new Date(second * 1000).toLocaleTimeString([], style));
}

/** The colour of a custom property, read at each drawing, because the colour scheme can change. */
function tone(token) {
  return () => {
    // As the colour of an element: the property itself may hold what a canvas cannot read.
    const probe = document.querySelector(".hub-metrics-probe");
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
}
