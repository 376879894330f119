"""Tables as Markdown and JSON under `benchmarks/results/`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.rounds import Summary, failures

RESULTS = Path(__file__).parent / "results"
_skipped: list[str] = []


def skipped(why: str) -> None:
    """Say which peer is missing, here and in the results."""
    if why not in _skipped:
        _skipped.append(why)
        print(f"  skipped, not installed: {why}", flush=True)


@dataclass
class Table:
    """Rows of summaries. `relative`: a figure, and the row that is 1.00 in a further column."""

    title: str
    about: str
    columns: Sequence[str]
    relative: tuple[str, str] | None = None
    rows: dict[str, dict[str, Summary]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, name: str, summary: Mapping[str, Summary]) -> None:
        self.rows[name] = dict(summary)

    def median(self, row: str, column: str) -> float | None:
        found = self.rows.get(row, {}).get(column)
        return None if found is None else found.median

    def markdown(self) -> str:
        base = self.median(self.relative[1], self.relative[0]) if self.relative else None
        heads = ["", *self.columns]
        if base and self.relative:
            heads.insert(2, f"of {self.relative[1]}")
        lines = [f"## {self.title}", "", self.about, ""]
        lines += [_line(heads), _line(["---", *("--:" for _ in heads[1:])])]
        for name, figures in self._ordered():
            cells = [name, *(_cell(figures.get(column)) for column in self.columns)]
            if base and self.relative and self.relative[0] in figures:
                cells.insert(2, f"{figures[self.relative[0]].median / base:.2f}")
            lines.append(_line(cells))
        return "\n".join([*lines, "", *(f"- {remark}" for remark in self.remarks), ""])

    def plain(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "about": self.about,
            "rows": {
                name: {column: summary._asdict() for column, summary in figures.items()}
                for name, figures in self.rows.items()
            },
            "remarks": self.remarks,
        }

    def _ordered(self) -> list[tuple[str, dict[str, Summary]]]:
        """The best first, where one figure says what is best."""
        if self.relative is None:
            return list(self.rows.items())
        nothing = Summary(0, 0, 0, 0)
        column = self.relative[0]
        return sorted(self.rows.items(), key=lambda row: -row[1].get(column, nothing).median)


def write(name: str, tables: Sequence[Table], machine: Mapping[str, Any]) -> None:
    """`NAME.json` and `NAME.md`, and the latter on the screen."""
    text = "\n".join(table.markdown() for table in tables)
    notes = [f"- not installed: {line}" for line in _skipped]
    notes += [f"- failed: {line}" for line in failures]
    if notes:
        text += "\n" + "\n".join(notes) + "\n"
    print(f"\n{text}", flush=True)
    about = "\n".join(f"- {key}: {value}" for key, value in machine.items())
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(f"# {name}\n\n{about}\n\n{text}")
    whole = {
        "machine": machine,
        "tables": [table.plain() for table in tables],
        "skipped": _skipped,
        "failed": failures,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n")
    failures.clear()
    _skipped.clear()


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return ""
    if summary.rounds == 1 or summary.low == summary.high:
        return _figure(summary.median)
    return f"{_figure(summary.median)} ({_figure(summary.low)} to {_figure(summary.high)})"


def _figure(value: float) -> str:
    """Three digits that count, and whole numbers from 100 on."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
