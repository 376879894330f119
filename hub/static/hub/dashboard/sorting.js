/** Sorts a table by the buttons in its head, which carry `data-sort`, the name of a row's field. */

const FLIPPED = { ascending: "descending", descending: "ascending" };

export class Sorting {
  #head;

  /**
   * @param {HTMLElement} head of the table; the cell with `aria-sort` says how it begins
   * @param {() => void} changed called when the order is another one
   */
  constructor(head, changed) {
    this.#head = head;
    head.addEventListener("click", ({ target }) => {
      const cell = target.closest("[data-sort]")?.closest("th");
      if (!cell) return;
      const before = this.#sorted;
      // Names from A on, figures from the highest on; then the other way round.
      const first = cell.firstElementChild.dataset.sort === "route" ? "ascending" : "descending";
      const order = before === cell ? FLIPPED[cell.getAttribute("aria-sort")] : first;
      before.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", order);
      changed();
    });
  }

  /** The rows in order; a value that is not known comes last. */
  sort(rows) {
    const cell = this.#sorted;
    const field = cell.firstElementChild.dataset.sort;
    const sign = cell.getAttribute("aria-sort") === "ascending" ? 1 : -1;
    return [...rows].sort(
      (one, other) =>
        (one[field] === null) - (other[field] === null) ||
        sign * compare(one[field], other[field]) ||
        compare(one.route, other.route),
    );
  }

  get #sorted() {
    return this.#head.querySelector("[aria-sort]");
  }
}

function compare(one, other) {
  return typeof one === "string" ? one.localeCompare(other) : one - other;
}
