"""Health checks for load balancers: what they ask, what they are told, at which paths.

`HubApplication` answers them before Django does: load balancers and kubelets send the address as
the Host, which ALLOWED_HOSTS refuses, and a server whose threads are all busy is alive.
"""

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol, TypeVar

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

V = TypeVar("V", bound=Callable[..., Any])


class Process(Protocol):
    """What is asked about a process."""

    @property
    def hindrance(self) -> str: ...


class Answer(NamedTuple):
    status: int
    text: str


Probe = Callable[[Process | None], Answer]


def alive(process: Process | None) -> Answer:
    """200 as long as the process answers at all."""
    return Answer(HTTPStatus.OK, "ok\n")


def ready(process: Process | None) -> Answer:
    """200 while new clients should come here, else 503 with the reason; None is no server."""
    hindrance = "not following the log" if process is None else process.hindrance
    if hindrance:
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{hindrance}\n")
    return Answer(HTTPStatus.OK, "ready\n")


def answers(probe: Probe) -> Callable[[V], V]:
    """Marks a view whose requests the application answers itself, with this probe."""

    def mark(view: V) -> V:
        view.hub_probe = probe  # type: ignore[attr-defined]
        return view

    return mark


def probes_by_path() -> dict[str, Probe]:
    """The paths of the project's URLconf that lead to a marked view, each with its probe."""
    return marked("hub_probe")


def marked(attribute: str) -> dict[str, Any]:
    """The paths of the project's URLconf whose view has an attribute, each with its value."""
    return dict(_walk(get_resolver().url_patterns, "/", attribute))


def _walk(patterns: Sequence[Any], prefix: str, attribute: str) -> Iterator[tuple[str, Any]]:
    for one in patterns:
        # A path with a parameter, or a regular expression, is not the path of such a view.
        if not isinstance(one.pattern, RoutePattern) or one.pattern.converters:
            continue
        path = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, path, attribute)
        elif isinstance(one, URLPattern) and hasattr(one.callback, attribute):
            yield path, getattr(one.callback, attribute)
