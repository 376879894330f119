"""What a run has shown, as a table."""

import os
from pathlib import Path

from tests.stress.scale import QUICK, SEED

rows: list[tuple[str, str, str, str]] = []


def show(scenario: str, figure: str, seen: object, bound: str = "") -> None:
    """One line: what was measured, and the bound it was held against."""
    rows.append((scenario, figure, f"{seen:.3g}" if isinstance(seen, float) else str(seen), bound))


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def markdown() -> str:
    head = [("scenario", "what", "seen", "bound"), ("---", "---", "---", "---")]
    return "\n".join("| " + " | ".join(row) + " |" for row in [*head, *rows])


def write() -> None:
    """To the file that STRESS_TABLE names."""
    if path := os.environ.get("STRESS_TABLE"):
        title = f"{'QUICK=1 ' if QUICK else ''}SEED={SEED}"
        Path(path).write_text(f"{title}\n\n{markdown()}\n")
