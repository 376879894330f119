"""Scenario 9, third part: whatever a client says, the server answers or closes as documented."""

import asyncio
import itertools
import json
import random
from collections import Counter, defaultdict
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.rig.server import ServerProcess
from tests.rig.wait import async_wait_until
from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, due
from tests.stress.scale import SEED, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import Base, System, system_on
from tests.stress.wire import BINARY, TEXT, Wire, frame_of

FRAMES = scaled(5_000, 100_000)
TOGETHER = 50  # frames of one connection: below the burst that is a flood
AGAIN = 4  # connections more for what is unheard, because a frame ended the one before
DRAWN = 10  # of them drawn by hypothesis
ANSWER = 10.0  # seconds
BESIDE = 5.0  # events a second for the neighbours
UNDISTURBED = scaled(4.0, 1.0)  # seconds: the slowest of them
TOPIC = "open.beside"
# What a fuzzed connection may end with: the documented codes, and the server software's own for
# what is no WebSocket text (1002, 1007) or is too large (1009).
CODES = {1002, 1007, 1009, 4000, 4013, 4029, 4401, 4500, 4501}

OPS = ["hello", "subscribe", "unsubscribe", "pong", "ping", "event", "welcome"]
FIELDS = ["op", "ref", "topics", "since", "position", "resume", "epoch", "ticket"]
words = st.sampled_from([*OPS, *FIELDS, "user.1", "news", "open.a", ""])
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),  # JSON has neither
    st.text(max_size=40),
    words,
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(words | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=4,
)
nearly = st.dictionaries(st.sampled_from(FIELDS), values, max_size=4)
understood = st.fixed_dictionaries(
    {"op": st.sampled_from(["subscribe", "unsubscribe", "dance"])},
    optional={
        "ref": st.text(max_size=70),
        "topics": st.lists(words | st.text(max_size=110), max_size=5),
        "since": st.integers(-5, 2**62),
        "more": values,
    },
)
seeds = st.integers(0, 2**32)


def many(frame: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(frame, min_size=DRAWN, max_size=DRAWN)


def crossed(drawn: list[dict[str, Any]], seed: int) -> list[str | bytes]:
    """Further frames with fields of two of those that were drawn: drawing is slow."""
    chance = random.Random(seed)
    more = [{**chance.choice(drawn), **chance.choice(drawn)} for _ in range(TOGETHER - DRAWN)]
    return [json.dumps(frame) for frame in [*drawn, *more]]


def damaged(drawn: list[str | bytes], seed: int) -> list[str | bytes]:
    """Further frames with a byte of them changed."""
    chance = random.Random(seed)
    more = []
    for _ in range(TOGETHER - DRAWN):
        frame = chance.choice(drawn)
        raw = bytearray(frame.encode() if isinstance(frame, str) else frame) or bytearray(b"{")
        raw[chance.randrange(len(raw))] = chance.randrange(256)
        more.append(bytes(raw))
    return [*drawn, *more]


# Mostly frames that are understood: one that is not ends its connection, the rest is unheard.
# By number, because hypothesis counts equal strategies once.
KINDS = [
    *([st.builds(crossed, many(understood), seeds)] * 5),
    st.builds(crossed, many(st.one_of(understood, nearly)), seeds),
    st.builds(damaged, many(st.one_of(understood, values).map(json.dumps)), seeds),
    st.builds(damaged, many(st.text(max_size=200) | st.binary(max_size=200)), seeds),
]
batches = st.integers(0, len(KINDS) - 1).flatmap(KINDS.__getitem__)


async def test_fuzzed_frames_harm_nobody(system: System, base: Base) -> None:
    """Half of the connections are to Daphne (the pair), half to a Uvicorn beside it."""
    with system_on(base, servers=1, software="uvicorn", name="fuzzed") as uvicorn:
        # Its own complaint about text that is not UTF-8.
        uvicorn.servers[0].expect_in_log("Invalid UTF-8 sequence")
        before = await leaks.line_of(uvicorn, 0)
        servers = [system.servers[0], uvicorn.servers[0], system.servers[1], uvicorn.servers[0]]
        neighbours = [Client(server.ws_url, [TOPIC]) for server in servers[:3]]
        head = await system.settled()
        async with swarm(neighbours):
            await system.load(
                0, 100_000, BESIDE, prefix="s9-beside", topics=[TOPIC], several=0.0
            )  # until it is stopped
            heard, codes = await fuzz(servers)
            await system.control(0, "stop", prefix="s9-beside")
            assert not await system.written(0, "s9-beside", 10)
            await system.settled()
            ledger = base.read(head)
            count = len(due(ledger, [TOPIC], head))
            await reached(neighbours, lambda one: len(one.handed) >= count, 5)
            check_clients(neighbours, ledger)
            assert all(one.connects == 1 for one in neighbours)
        await leaks.check(uvicorn, 0, before)
    for software in codes:
        text = f"{software}: fuzzed frames, none with 1011 or without an answer"
        table.show("9", text, heard[software], f"{FRAMES // 2}")
        ends = sorted(codes[software].items(), key=str)
        shown = ", ".join(f"{code or 'open'}: {count}" for code, count in ends)
        table.show("9", f"{software}: how the fuzzed connections ended", shown)
    slowest = max(event.latency for one in neighbours for event in one.handed)
    text = f"slowest of {count} events for the neighbours of who is fuzzed"
    table.show("9", text, table.seconds(slowest), f"{UNDISTURBED:g} s")
    assert slowest <= UNDISTURBED


async def fuzz(servers: list[ServerProcess]) -> tuple[Counter[str], dict[str, Counter[int | None]]]:
    """Batch after batch, at each server in turn, until every software has heard its frames.

    By software: how many were heard, and how the connections ended (None: they did not).
    """
    loop = asyncio.get_running_loop()
    turns = itertools.cycle(servers)
    heard = Counter({server.software: 0 for server in servers})
    codes: dict[str, Counter[int | None]] = defaultdict(Counter)

    async def say(greets: bool, batch: list[str | bytes]) -> None:
        server = next(turns)
        for _ in range(1 + AGAIN):
            count, code = await converse(server, greets, batch)
            heard[server.software] += count
            codes[server.software][code] += 1
            batch = batch[count:]
            if not batch:
                return

    def run(number: int) -> None:
        @seed(SEED * 1_000 + number)
        @settings(
            max_examples=FRAMES // TOGETHER // 2,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.integers(0, 7).map(bool),  # whether it says hello first
            batches,
        )
        def drawn(greets: bool, batch: list[str | bytes]) -> None:
            asyncio.run_coroutine_threadsafe(say(greets, batch), loop).result(60)

        drawn()

    number = 0
    while min(heard.values()) < FRAMES // 2:
        await asyncio.to_thread(run, number)
        number += 1
    return heard, codes


async def converse(
    server: ServerProcess, greets: bool, batch: list[str | bytes]
) -> tuple[int, int | None]:
    """Say all of it on one connection: how many frames were surely heard, and the close code.

    Where it was closed, these are the answered ones and the one that ended it; what came behind
    that was not even looked at.
    """
    answered, done = 0, asyncio.Event()

    def take(text: bytes) -> None:
        nonlocal answered
        frame = json.loads(text)
        if frame.get("ref") == "the end":
            done.set()
        answered += frame["op"] == "reply"

    wire = await Wire.connect(server.ws_url, take, lambda code: done.set())
    end = frame_of('{"op":"subscribe","ref":"the end","topics":["open.end"]}')
    frames = [frame_of(frame, opcode_of(frame)) for frame in batch]
    # In one piece: a send after the server's close would be answered with a reset, which may take
    # the close frame along.
    wire.write(b"".join([*([frame_of('{"op":"hello"}')] if greets else []), *frames, end]))
    try:
        await asyncio.wait_for(done.wait(), ANSWER)
    except TimeoutError:
        raise AssertionError(f"neither an answer nor a close after {batch}") from None
    code = wire.code
    # Who sends as text what is not UTF-8 is dropped by the server software: by Daphne without
    # a close frame, by Uvicorn with one that a reset may overtake, since frames are unread.
    allowed = CODES | ({1006} if any(is_no_text(frame) for frame in batch) else set())
    assert code is None or code in allowed, (code, batch)
    wire.close()
    return (len(batch) if code is None else min(answered + 1, len(batch))), code


def opcode_of(frame: str | bytes) -> int:
    return TEXT if isinstance(frame, str) or len(frame) % 2 else BINARY


def is_no_text(frame: str | bytes) -> bool:
    if isinstance(frame, str) or opcode_of(frame) == BINARY:
        return False
    try:
        frame.decode()
    except UnicodeDecodeError:
        return True
    return False


# Codes


async def test_every_close_code_is_given_with_its_goodbye(base: Base) -> None:
    limits = {"HELLO": 4, "TICKET_AGE": 1, "CONNECTIONS": 1, "PING": 1, "PONG": 1}
    with (
        system_on(base.sibling(), servers=1, hub=limits, name="strict") as daphne,
        system_on(
            base.sibling(), servers=1, software="uvicorn", hub=limits, name="stern"
        ) as uvicorn,
    ):
        await asyncio.gather(every_code(daphne), every_code(uvicorn))


async def every_code(strict: System) -> None:
    (old,) = await strict.control(0, "people", prefix="old", count=1)
    one, two = await strict.control(0, "people", prefix="fresh", count=2)
    url = strict.servers[0].ws_url
    before = await leaks.line_of(strict, 0)
    hello: dict[str, Any] = {"op": "hello"}
    waiting = asyncio.gather(ending(url, []), ending(url, [hello], pongs=1))  # take seconds
    assert await ending(url, [hello, {"op": "ping"}, hello]) == 4500
    assert await ending(url, [{**hello, "ticket": "forged"}]) == 4501
    assert await ending(url, [hello], origin="https://elsewhere.example") == 4503
    assert await ending(url, [hello, *[{"op": "dance"}] * 200]) == 4029
    first, staying = (Client(url, cookie=person["cookie"]) for person in (one, two))
    async with swarm([first]):
        assert await ending(url, [hello], cookie=one["cookie"]) == 4013
        await strict.control(0, "change", pk=one["pk"], what="deactivated")
        await async_wait_until(lambda: first.closes)
        assert first.closes == [4510]
    assert await waiting == [4000, 4008]
    assert await ending(url, [{**hello, "ticket": old["ticket"]}]) == 4401
    await leaks.check(strict, 0, before)
    async with swarm([staying]):
        await asyncio.to_thread(strict.servers[0].terminate)
        assert staying.goodbyes[0]["code"] == 4012
    table.show("9", f"{strict.servers[0].software}: close codes given, of 10", 10, "10")


async def ending(
    url: str, said: list[Any], *, cookie: str = "", origin: str = "", pongs: int = 99
) -> int:
    """The close code after these frames; the goodbye before it must name the same."""
    heard: list[dict[str, Any]] = []

    def take(text: bytes) -> None:
        nonlocal pongs
        heard.append(json.loads(text))
        if heard[-1]["op"] == "ping" and pongs:
            pongs -= 1
            wire.send(json.dumps({"op": "pong", "position": heard[-1]["position"]}))

    wire = await Wire.connect(url, take, cookie=cookie, origin=origin)
    wire.write(b"".join(frame_of(json.dumps(frame)) for frame in said))
    await asyncio.wait_for(wire.closed.wait(), 15)
    goodbye = next(frame for frame in heard if frame["op"] == "goodbye")
    assert goodbye["code"] == wire.code and goodbye["reconnect"] == (wire.code < 4500)
    return int(goodbye["code"])
