"""A client of the swarm: comes back, resumes, answers pings, and remembers all it handed on."""

import asyncio
import itertools
import time
from collections.abc import Collection
from datetime import datetime
from random import Random
from typing import Any, NamedTuple, Self

import msgspec

from tests.stress.forger import FORGED
from tests.stress.silence import BROWSER, Patience, Silence
from tests.stress.wire import Wire

BASE, MOST = 0.5, 20.0  # seconds of back-off, full jitter, as browsers do it
CONNECTING = 20.0  # seconds until a connection must be open
MOST_EVENTS, MOST_BYTES = 64, 64 * 1024  # of one frame with several events
FINAL = range(4500, 5000)  # these close codes mean: do not come back

_decode = msgspec.json.Decoder().decode


class Handed(NamedTuple):
    """One event as the application got it. `latency` in seconds since its insert."""

    position: int
    key: str
    topic: str
    latency: float
    at: float  # monotonic


class Client:
    """An async context manager: in it, the client stays connected for as long as it may.

    `url` may be a function, asked before each connect. `start` is the position after which
    everything on `topics` (and its own) is due. `saves_every`: the position is saved for the next
    hello after so many events, as by an application that writes it down late; the application
    still knows what it has handled, so that it drops what comes again.

    Every second client takes runs of events in one frame; each changes its mind when it comes back.
    """

    _numbers = itertools.count()

    def __init__(
        self,
        url: Any,
        topics: Collection[str] = (),
        *,
        ticket: str | None = None,
        cookie: str = "",
        random: Random | None = None,
        resume: dict[str, Any] | None = None,
        saves_every: int = 1,
        patience: Patience = BROWSER,
    ) -> None:
        self._url = url
        self._takes_runs = next(self._numbers) % 2 == 1
        self._ticket = ticket
        self._cookie = cookie
        self._random = random or Random(0)
        self._saves_every = saves_every
        self._unsaved = 0  # events
        self._patience = patience
        self._silence = Silence(self._leave)
        self._wire: Wire | None = None
        self._task: asyncio.Task[None] | None = None
        self._greeted_at = 0.0
        self._head: int | None = None
        self._last = 0  # the highest id on this connection
        self._handled = resume["position"] if resume else -1  # whatever connection it came on
        self._refs: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.topics = set(topics)
        self.cursor = resume  # what is saved
        self.start = resume["position"] if resume else -1
        self.welcome: dict[str, Any] = {}
        self.welcomed = asyncio.Event()
        self.handed: list[Handed] = []
        self.seen: list[tuple[int, str]] = []  # as `handed`, with what came twice
        self.changes: list[tuple[float, dict[str, Any]]] = []  # wall clock, `topics` frame
        self.closed_at: list[float] = []  # wall clock
        self.goodbyes: list[dict[str, Any]] = []
        self.closes: list[int] = []
        self.connects = 0
        self.pings = 0
        self.given_up: list[float] = []  # seconds of silence after which it left
        self.unrecovered: list[str] = []
        self.replays: list[float] = []  # seconds from hello to the head of that time
        self.wrong: list[str] = []  # what the server must never do to a connection

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *raised: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._silence.rest()
        if self._wire is not None:
            self._wire.close()
            await self._wire.closed.wait()

    @property
    def wire(self) -> Wire:
        assert self._wire is not None, "not connected"
        return self._wire

    @property
    def is_entered(self) -> bool:
        return self._task is not None

    @property
    def is_open(self) -> bool:
        return self._wire is not None and self._wire.code is None and self.welcomed.is_set()

    def lost_at(self, sign: int | str) -> float:
        """When it was closed with this code, or lost this topic, by the wall clock; 0: not yet.

        AssertionError where it was closed with another code.
        """
        if isinstance(sign, str):
            return next((at for at, frame in self.changes if sign in frame["removed"]), 0.0)
        if not self.closed_at or not self.goodbyes:
            return 0.0
        assert self.goodbyes[0]["code"] == sign, (sign, self.goodbyes)
        return self.closed_at[0]

    async def ask(self, op: str, topics: Collection[str], **fields: Any) -> dict[str, Any]:
        """Send a frame with a reference of its own, and return the reply to it."""
        ref = str(len(self._refs) + 1)
        self._refs[ref] = asyncio.get_running_loop().create_future()
        self.say({"op": op, "ref": ref, "topics": list(topics), **fields})
        async with asyncio.timeout(20):
            return await self._refs[ref]

    def say(self, frame: dict[str, Any]) -> None:
        self.wire.send(msgspec.json.encode(frame))

    async def _run(self) -> None:
        attempt = 0
        while True:
            self._last, self._head = 0, None
            self.welcomed.clear()
            goodbyes = len(self.goodbyes)
            self._silence.heard()
            within = min(CONNECTING, self._patience.greeting)
            try:
                url = self._url() if callable(self._url) else self._url
                self._wire = await Wire.connect(
                    url, self._take, cookie=self._cookie, timeout=within
                )
            except OSError as error:
                self._wire = None
                if isinstance(error, TimeoutError):
                    self.given_up.append(within)
            else:
                self.connects += 1
                self._greet()
                self._silence.endure(self._patience.greeting)
                await self._wire.closed.wait()
                self._silence.rest()
                self.closes.append(self._wire.code or 0)
                self.closed_at.append(time.time())
                if self.welcomed.is_set():
                    attempt = 0
            goodbye = self.goodbyes[-1] if len(self.goodbyes) > goodbyes else {}
            if goodbye.get("code", self.closes[-1] if self.closes else 0) in FINAL:
                return
            pause = self._random.uniform(0, min(MOST, BASE * 2**attempt))
            attempt += 1
            await asyncio.sleep(max(pause, goodbye.get("retry_ms", 0) / 1000))

    def _greet(self) -> None:
        hello: dict[str, Any] = {"op": "hello", "topics": sorted(self.topics)}
        self._takes_runs = not self._takes_runs
        if self._takes_runs:
            hello["runs"] = True
        if self._ticket is not None:
            hello["ticket"] = self._ticket
        if self.cursor is not None:
            hello["resume"] = self.cursor
        self._greeted_at = time.monotonic()
        self.say(hello)

    def _leave(self, silent: float) -> None:
        self.given_up.append(silent)
        self.wire.close()

    # What the server says

    def _take(self, text: bytes) -> None:
        self._silence.heard()
        frame = _decode(text)
        op = frame["op"]
        if op == "event":
            self._take_event(frame)
        elif op == "events":
            self._take_run(frame["events"], len(text))
        elif op == "ping":
            self._take_ping(frame["position"])
        elif op == "welcome":
            self._take_welcome(frame)
        elif op == "reply":
            if frame["ref"] in self._refs:
                self._refs[frame["ref"]].set_result(frame)
        elif op == "goodbye":
            self.goodbyes.append(frame)
            self._silence.endure(self._patience.parting)
        elif op == "topics":
            self.changes.append((time.time(), frame))
        else:
            self.wrong.append(f"an unknown op {op!r}")

    def _take_run(self, events: list[dict[str, Any]], size: int) -> None:
        if not self._takes_runs:
            self.wrong.append("a run that it did not ask for")
        if not 2 <= len(events) <= MOST_EVENTS or size > MOST_BYTES:
            self.wrong.append(f"a run of {len(events)} events, {size} bytes")
        if len({"id" in event for event in events}) != 1:
            self.wrong.append("ephemeral and logged events in one frame")
        for event in events:
            self._take_event(event)

    def _take_welcome(self, frame: dict[str, Any]) -> None:
        if self.cursor is None:
            self.start = self._handled = frame["position"]
        elif not frame["recovered"]:
            self.unrecovered.append(frame["reason"])
            self._handled = frame["position"]
        elif frame["position"] != self.cursor["position"]:
            self.wrong.append(f"resumed at {frame['position']}, asked for {self.cursor}")
        self.welcome = frame
        self.cursor = {"epoch": frame["epoch"], "position": frame["position"]}
        self._unsaved = 0
        self._head = frame["head"]
        self._silence.endure(self._patience.pings * frame["ping"] + self._patience.grace)
        self.welcomed.set()
        self._measure_replay(frame["position"])

    def _take_event(self, frame: dict[str, Any]) -> None:
        position = frame.get("id")
        if position is None:  # ephemeral
            if frame["data"].get("fact") == FORGED:
                self.wrong.append(f"a forged event without a position: {frame}")
            return
        key = frame["data"].get("fact", frame["type"])
        self.seen.append((position, key))
        if position <= self._last:
            self.wrong.append(f"{position} came after {self._last} on one connection")
        self._last = position
        if self.cursor is None:
            self.wrong.append("an event before the welcome")
        elif position > self._handled:
            self._handled = position
            self._unsaved += 1
            if self._unsaved >= self._saves_every:
                self._save(position)
            latency = time.time() - datetime.fromisoformat(frame["at"]).timestamp()
            self.handed.append(Handed(position, key, frame["topic"], latency, time.monotonic()))
        self._measure_replay(position)

    def _take_ping(self, position: int) -> None:
        self.pings += 1
        if position < self._last:
            self.wrong.append(f"ping {position} after event {self._last}")
        self._handled = max(position, self._handled)
        if self.cursor is not None:
            self._save(max(position, self.cursor["position"]))
        self.say({"op": "pong", "position": position})

    def _save(self, position: int) -> None:
        assert self.cursor is not None
        self.cursor["position"] = position
        self._unsaved = 0

    def _measure_replay(self, position: int) -> None:
        if self._head is not None and position >= self._head:
            self.replays.append(time.monotonic() - self._greeted_at)
            self._head = None
