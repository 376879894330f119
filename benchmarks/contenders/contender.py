"""What a table measures: something to start, and how clients and publishers talk to it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.crowds import CrowdProcess


class Missing(Exception):
    """This peer is not installed; the text says how to get it."""


class Server(Protocol):
    """A running server."""

    @property
    def pid(self) -> int: ...

    port: int


Start = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, eq=False)
class Contender:
    """`start` brings up a server with a `pid` and a `port`; `publisher` is one of PUBLISHERS."""

    name: str
    start: Start
    dialect: str = "plain"
    path: str = "/ws/"
    publisher: str = "once"
    publish_path: str = "/bench/publish"
    publish_port: Callable[[Any], int] = lambda server: 0  # 0: the server's own
    options: dict[str, Any] = field(default_factory=dict)
    slow: bool = False  # gets fewer events: a rate does not depend on their number

    def __str__(self) -> str:
        return self.name

    @contextmanager
    def crowd(
        self, port: int, size: int, goal: int | None = None, **options: Any
    ) -> Iterator[CrowdProcess]:
        """Clients that speak with it; not yet connected."""
        given = {"path": self.path, **self.options, **options}
        with CrowdProcess(port, self.dialect, size, goal, **given) as crowd:
            yield crowd
