"""Waiting for a condition, with a deadline: the only place in the tests that pauses."""

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

# Seconds until a test gives up. No promise of the product: a machine that is busy with other things
# may take its time, and a test that passes never waits as long.
PATIENCE = 30.0
_POLL = 0.02  # seconds between two looks: short beside what a test waits for
_never = threading.Event()


def wait_until(
    condition: Callable[[], Any], deadline: float = PATIENCE, what: str | Callable[[], str] = ""
) -> Any:
    """Call `condition` until what it returns is true, and return that.

    `deadline` is in seconds; `what` (or what it returns) says in the failure what was awaited.
    Raises AssertionError when the time is over.
    """
    end = time.monotonic() + deadline
    while True:
        if result := condition():
            return result
        if time.monotonic() >= end:
            raise AssertionError(_failure(condition, deadline, what))
        _never.wait(_POLL)


async def async_wait_until(
    condition: Callable[[], Any | Awaitable[Any]],
    deadline: float = PATIENCE,
    what: str | Callable[[], str] = "",
) -> Any:
    """Like `wait_until`, for coroutines: the condition may be sync or async."""
    end = time.monotonic() + deadline
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return result
        if time.monotonic() >= end:
            raise AssertionError(_failure(condition, deadline, what))
        await asyncio.sleep(_POLL)


def _failure(condition: object, deadline: float, what: str | Callable[[], str]) -> str:
    described = what() if callable(what) else what
    return (
        f"not within {deadline:g} s: {described or getattr(condition, '__qualname__', condition)}"
    )
