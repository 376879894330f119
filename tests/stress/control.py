"""The way into a server process under test: what it reports, and what is done to it.

An ASGI wrapper in front of everything: `POST /stress/<name>` with JSON, answered with JSON. It
exists in the application of these tests only.
"""

import asyncio
import contextlib
import gc
import importlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from ctypes import CDLL
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from asgiref.sync import sync_to_async
from django.db import connection

from hub.runtime import shutdown
from hub.runtime.application import HubApplication
from hub.sockets.consumer import HubConsumer
from hub.sockets.window import Window
from tests.stress import faults, people
from tests.stress.facts.writing import Load, Plan

PREFIX = "/stress/"
_libc = CDLL(None)


class Control:
    def __init__(self, hub: HubApplication) -> None:
        self._hub = hub
        self._loads: dict[str, Load] = {}
        self._undo = contextlib.ExitStack()
        self._closings: list[tuple[int, float | None]] = []  # code, seconds since the window filled
        self._peak = 0  # the highest count of unacknowledged bytes of one connection
        self._observe()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._hub(scope, receive, send)
            return
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        asked = msgspec.json.decode(body) if body else {}
        answer = await getattr(self, f"do_{scope['path'][len(PREFIX) :]}")(**asked)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})

    async def do_report(self, tidy: bool = False) -> dict[str, Any]:
        """The process's state. `tidy`: give memory back first, so that a leak can be seen."""
        if tidy:
            gc.collect()
            if hasattr(_libc, "malloc_trim"):
                _libc.malloc_trim(0)
        runtime = self._hub.runtime()
        names = (task.get_name() for task in asyncio.all_tasks())
        return {
            "connections": len(runtime.connections),
            "tasks": Counter(name.rstrip("0123456789") for name in names),
            "position": runtime.follower.position,
            "epoch": runtime.follower.epoch,
            "ring": runtime.follower.ring.bytes,
            "left": {name: load.left for name, load in self._loads.items()},
            "errors": {name: load.errors for name, load in self._loads.items()},
            "closings": self._closings,
            "peak": self._peak,
            "pool": connection.pool.get_stats(),
            # The hub's own threads keep a connection each; nobody else does between two calls.
            "keepers": sum(one.name.startswith("hub-") for one in threading.enumerate()),
        }

    async def do_forget(self) -> None:
        """Begin to count anew."""
        self._closings.clear()
        self._loads.clear()
        self._peak = 0

    async def do_faults(self, **changes: Any) -> None:
        """Set the faults; what is not named is right again."""
        wanted = msgspec.convert(changes, faults.Faults)
        if wanted.broken != faults.present.broken:
            self._undo.close()
            if wanted.broken:
                module = importlib.import_module(f"tests.stress.broken.{wanted.broken}")
                self._undo.enter_context(module.broken())
        for name in faults.Faults.__struct_fields__:
            setattr(faults.present, name, getattr(wanted, name))

    async def do_freeze(self) -> None:
        """Stop at the next lock, but after this is answered: who is frozen answers nobody."""
        asyncio.get_running_loop().call_later(0.1, setattr, faults.present, "freeze", True)

    async def do_load(self, name: str, count: int, rate: float, plan: dict[str, Any]) -> None:
        """Begin to write facts in the background."""
        self._loads[name] = Load(msgspec.convert(plan, Plan), count, rate)

    async def do_stop(self, prefix: str = "") -> None:
        for name, load in self._loads.items():
            if name.startswith(prefix):
                load.stop()

    async def do_patience(self, seconds: float) -> None:
        """How long a request waits for a database that is away, from now on."""
        connection.pool.timeout = seconds

    async def do_linger(self, seconds: float) -> None:
        """From SIGTERM on the server lives at least so long, as if somebody were slow to go."""
        shutdown.SHUTDOWN_POLL = seconds

    async def do_people(self, **asked: Any) -> Any:
        return await self._in_thread(people.make, **asked)

    async def do_change(self, **asked: Any) -> Any:
        return await self._in_thread(people.change, **asked)

    async def do_query(self, seconds: float) -> None:
        """A slow query through the ORM in the thread of synchronous views."""
        await sync_to_async(people.query)(seconds)

    async def do_cast(self, **asked: Any) -> Any:
        return await self._in_thread(people.cast, **asked)

    async def do_sign_in(self, **asked: Any) -> Any:
        return await self._in_thread(people.sign_in, **asked)

    async def do_product(self, **asked: Any) -> Any:
        return await self._in_thread(people.make_product, **asked)

    async def do_delete_product(self, **asked: Any) -> Any:
        return await self._in_thread(people.delete_product, **asked)

    async def do_state(self, topics: list[str], prefix: str) -> Any:
        return await self._in_thread(people.state_facts, topics, prefix)

    async def _in_thread(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def call() -> Any:
            try:
                return work(*args, **kwargs)
            finally:
                connection.close()

        return await asyncio.to_thread(call)

    def _observe(self) -> None:
        """Write down every close, and the highest count of unacknowledged bytes."""
        end, control = HubConsumer.end, self
        sent, sent_other = Window.sent, Window.sent_other
        reserve, acknowledged = Window.reserve, Window.acknowledged
        filled: WeakKeyDictionary[Window, float] = WeakKeyDictionary()

        def observed_end(consumer: HubConsumer, code: Any) -> None:
            if not consumer.sender.closed:
                driver = consumer.driver
                since = filled.get(driver.connection.window) if driver is not None else None
                control._closings.append((code.code, since and time.monotonic() - since))
            end(consumer, code)

        def observed_sent(window: Window, *args: Any) -> None:
            sent(window, *args)
            control._peak = max(control._peak, window.bytes)
            note(window)

        def observed_sent_other(window: Window, *args: Any, **kwargs: Any) -> None:
            sent_other(window, *args, **kwargs)
            control._peak = max(control._peak, window.bytes)
            note(window)

        def observed_reserve(window: Window, *asked: int) -> bool:
            has_room = reserve(window, *asked)
            note(window)
            return has_room

        def note(window: Window) -> None:
            if window.is_full:
                filled.setdefault(window, time.monotonic())

        def observed_acknowledged(window: Window, *args: Any) -> None:
            acknowledged(window, *args)
            if not window.is_full:
                filled.pop(window, None)

        HubConsumer.end = observed_end  # type: ignore[method-assign]
        Window.sent = observed_sent  # type: ignore[method-assign]
        Window.sent_other = observed_sent_other  # type: ignore[method-assign]
        Window.reserve = observed_reserve  # type: ignore[method-assign]
        Window.acknowledged = observed_acknowledged  # type: ignore[method-assign]
