"""What the command line chose."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """`against`: another checkout of the project, measured beside this one. `only`: parts of names
    of contenders; all when empty. `rounds`: 0 for the default."""

    against: Path | None = None
    only: tuple[str, ...] = ()
    rounds: int = 0

    def wants(self, name: str) -> bool:
        return not self.only or any(part in name for part in self.only)
