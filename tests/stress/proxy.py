"""A TCP proxy between clients and a server that does to connections what networks do."""

import asyncio
import itertools
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Self

_RST = struct.pack("ii", 1, 0)  # SO_LINGER: discard what is unsent, and send a reset


class Link:
    """One client's connection through the proxy."""

    def __init__(self, client: asyncio.Transport, proxy: "Proxy") -> None:
        self._proxy = proxy
        self.client = client
        self.server: asyncio.Transport | None = None
        self._waiting = bytearray()  # what the client sent before the server was reached
        self.stalled = False
        self._half_closed = False
        self.reaching: asyncio.Future[None] | None = None

    def reset(self) -> None:
        """Both sides see a connection reset; bytes in flight are lost."""
        for side in (self.client, self.server):
            if side is not None and not side.is_closing():
                opened = side.get_extra_info("socket")
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
                side.abort()

    def stall(self) -> None:
        """Nothing passes in either direction, and nobody is told."""
        self.stalled = True
        for side in (self.client, self.server):
            if side is not None and not side.is_closing():
                side.pause_reading()

    def go_on(self) -> None:
        """End a stall."""
        self.stalled = False
        self.flush()
        for side in (self.client, self.server):
            if side is not None and not side.is_closing():
                side.resume_reading()

    def half_close(self) -> None:
        """The server sees the end of what the client sends (FIN); the other direction stays."""
        self._half_closed = True
        self.flush()

    def pass_on(self, data: bytes) -> None:
        """From the client to the server."""
        if not self._half_closed:
            self._waiting += data
            self.flush()

    def flush(self) -> None:
        if self.server is None or self.server.is_closing() or self.stalled:
            return
        if self._waiting:
            self.server.write(bytes(self._waiting))
            self._waiting.clear()
        if self._half_closed:
            self.server.write_eof()

    def ended(self) -> None:
        """One side is gone: so is the other, and the link with it."""
        for side in (self.client, self.server):
            if side is not None and not side.is_closing():
                side.close()
        self._proxy.links.pop(self, None)


# What happens to a connection: so many seconds after it was made, this.
Trouble = Sequence[tuple[float, Callable[[Link], None]]]


class Proxy:
    """Listens on loopback and forwards to `port`; an async context manager.

    `trouble()` is called for each new connection; None: it is left alone.
    """

    def __init__(self, port: int, trouble: Callable[[], Trouble | None] = lambda: None) -> None:
        self._target = port
        self._trouble = trouble
        self._calm = False
        self.links: dict[Link, None] = {}
        self.done: Counter[str] = Counter()  # what was done to connections: the method's name
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Side(self), "127.0.0.1", 0, backlog=4096)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._server.close()
        for link in tuple(self.links):
            link.reset()
        await self._server.wait_closed()

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/"

    @property
    def resets(self) -> int:
        return self.done["reset"]

    def calm(self) -> None:
        """No trouble any more: what is stalled goes on."""
        self._calm = True
        for link in tuple(self.links):
            if link.stalled:
                link.go_on()

    def authenticate(self, link: Link) -> None:
        self.links[link] = None
        link.reaching = asyncio.ensure_future(self._reach(link))
        for after, act in self._trouble() or ():
            asyncio.get_running_loop().call_later(after, self._act, link, act)

    def _act(self, link: Link, act: Callable[[Link], None]) -> None:
        if link in self.links and not self._calm:
            self.done[act.__name__] += 1
            act(link)

    async def _reach(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        try:
            made, _ = await loop.create_connection(
                lambda: _Side(self, link), "127.0.0.1", self._target
            )
        except OSError:
            link.reset()
            return
        assert isinstance(made, asyncio.Transport)
        link.server = made
        if link.client.is_closing():
            made.abort()
            return
        if link.stalled:
            made.pause_reading()
        link.flush()


class _Side(asyncio.Protocol):
    """One of a link's two connections; `link` None: a client that has just come."""

    def __init__(self, proxy: Proxy, link: Link | None = None) -> None:
        self._proxy = proxy
        self._link = link
        self._from_client = link is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if self._link is None:
            self._link = Link(transport, self._proxy)
            self._proxy.authenticate(self._link)

    def data_received(self, data: bytes) -> None:
        link = self._link
        assert link is not None
        if self._from_client:
            link.pass_on(data)
        elif not link.client.is_closing():
            link.client.write(data)

    def pause_writing(self) -> None:
        self._source(lambda side: side.pause_reading())

    def resume_writing(self) -> None:
        self._source(lambda side: side.resume_reading())

    def _source(self, act: Callable[[asyncio.Transport], None]) -> None:
        """What feeds this side waits while this side is full: the proxy holds no backlog."""
        assert self._link is not None
        source = self._link.server if self._from_client else self._link.client
        if source is not None and not source.is_closing() and not self._link.stalled:
            act(source)

    def connection_lost(self, error: Exception | None) -> None:
        if self._link is not None:
            self._link.ended()


def resets_about_every(seconds: float, random: random.Random) -> Callable[[], Trouble]:
    """Each connection lives between half and one and a half of so many seconds."""
    return lambda: [(random.uniform(0.5, 1.5) * seconds, Link.reset)]


def anything_about_every(
    seconds: float, stall: tuple[float, float], spared: int, random: random.Random
) -> Callable[[], Trouble]:
    """Each connection is half-closed, or stalls for so long (from, to) and is then reset, or
    goes on and is reset later.

    It happens after as many seconds as in `resets_about_every`, or at once, in the handshake or
    the replay; not at once to the first so many connections.
    """
    number = itertools.count()

    def trouble() -> Trouble:
        is_early = next(number) >= spared and random.random() < 0.5
        begin = random.uniform(0, 0.05) if is_early else random.uniform(0.5, 1.5) * seconds
        end = begin + random.uniform(*stall)
        return random.choice(
            (
                [(begin, Link.half_close)],
                [(begin, Link.stall), (end, Link.reset)],
                [(begin, Link.stall), (end, Link.go_on), (end + seconds, Link.reset)],
            )
        )

    return trouble
