"""Paths of requests, below the prefix that the site is served at."""

from collections.abc import Mapping
from typing import Any


def path_below_root(scope: Mapping[str, Any]) -> str:
    """The path of an ASGI scope without its `root_path`, as Django's `path_info`.

    A proxy may have stripped the prefix or not: the path is the same.
    """
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
