"""Writes figures as Prometheus text, version 0.0.4. Pure.

The format is small and does not change. The client library would bring a registry of its own with
global state, locks around each addition, and files shared by processes, none of which is wanted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Literal

import msgspec

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Kind = Literal["counter", "gauge", "histogram"]
Pairs = tuple[tuple[str, str], ...]


class Figure(msgspec.Struct, frozen=True):
    """A metric: its name, what it means, and the value for each combination of labels."""

    name: str
    kind: Kind
    help: str
    values: Mapping[Pairs, float]


class HistogramFigure(msgspec.Struct, frozen=True):
    """Durations. `counts` has one more than `bounds`, for those above the last."""

    name: str
    help: str
    bounds: Sequence[float]
    values: Mapping[Pairs, tuple[Sequence[int], float]]  # counts, not yet added up, and the sum


def text_of(figures: Iterable[Figure | HistogramFigure]) -> str:
    """The whole exposition. A figure without values is left out: it is not known."""
    return "".join(f"{line}\n" for one in figures if one.values for line in _lines(one))


def _lines(one: Figure | HistogramFigure) -> Iterator[str]:
    yield f"# HELP {one.name} {_escaped(one.help)}"
    if isinstance(one, Figure):
        yield f"# TYPE {one.name} {one.kind}"
        for labels, value in one.values.items():
            yield f"{one.name}{_braces(labels)} {_number(value)}"
        return
    yield f"# TYPE {one.name} histogram"
    ends = [*(_number(bound) for bound in one.bounds), "+Inf"]
    for labels, (counts, total) in one.values.items():
        for end, count in zip(ends, accumulate(counts), strict=True):
            yield f"{one.name}_bucket{_braces((*labels, ('le', end)))} {count}"
        yield f"{one.name}_sum{_braces(labels)} {_number(total)}"
        yield f"{one.name}_count{_braces(labels)} {sum(counts)}"


def _braces(labels: Pairs) -> str:
    """The labels that have a value: an empty one is the same as none."""
    pairs = [f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels if value]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
