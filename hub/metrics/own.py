"""What the figures leave out: the requests that only show them."""

from collections.abc import Callable
from typing import Any, TypeVar

V = TypeVar("V", bound=Callable[..., Any])

UNMEASURED = "hub_unmeasured"
OWN_FILES = "hub/dashboard/"  # below the static prefix


def unmeasured(view: V) -> V:
    """Marks a view whose requests are not counted: they are made by looking at the figures."""
    setattr(view, UNMEASURED, True)
    return view
