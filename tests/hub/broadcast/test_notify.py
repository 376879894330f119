"""Hints through PostgreSQL's NOTIFY: two processes without a layer that both can reach."""

import asyncio

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from hub import publish, publish_ephemeral, publish_many
from hub.broadcast import follower as follower_module
from hub.broadcast import listener, notify, relay
from hub.broadcast.hints import chosen
from hub.broadcast.layer import Ephemeral, Ephemerals, ephemerals
from hub.broadcast.signing import Signer
from hub.log import numbering
from tests.hub.following import in_another_thread, insert
from tests.hub.site import Site, Told
from tests.rig.wait import PATIENCE, async_wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

LISTENING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN hub%%'"


@pytest.fixture(autouse=True)
def notifying(settings, own_policy):
    settings.HUB = {**settings.HUB, "HINTS": "postgres"}


@pytest.fixture
def unpolled(monkeypatch):
    """The log is read for hints only."""
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)


@pytest.fixture
def quick_heartbeat(monkeypatch):
    monkeypatch.setattr(relay, "HEARTBEAT_INTERVAL", 0.1)
    monkeypatch.setattr(listener, "SILENCE", 1.0)
    monkeypatch.setattr(listener, "RETRY", 0.05)


def execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


async def pair(site: Site):
    """A browser of each of two processes that hear each other, with their runtimes."""
    there = site.another()
    browsers = [
        await site.connect(topics=["open.1"]),
        await site.connect(topics=["open.1"], application=there),
    ]
    await site.followed()
    for runtime in (site.runtime, there.runtime()):
        await heard_itself(runtime)
    return browsers, there.runtime()


async def heard_itself(runtime):
    """Its listener has heard its own heartbeat."""
    last = runtime.listener._verifier._last
    await async_wait_until(lambda: runtime.process in last)


async def test_an_event_is_heard_by_another_process_with_its_commit(site: Site, unpolled):
    browsers, _ = await pair(site)
    for n in range(3):
        await site.tell("open.1", str(n))
        for browser in browsers:
            assert await browser.texts(1) == [str(n)]


async def test_what_is_too_large_for_a_notify_is_read_from_the_log(site: Site, unpolled):
    browsers, _ = await pair(site)

    def write():
        with transaction.atomic():
            publish_many((Told(text=f"{n:05000}"), "open.1") for n in range(20))

    await site.run(write)
    for browser in browsers:
        assert await browser.texts(20) == [f"{n:05000}" for n in range(20)]


async def test_an_ephemeral_event_reaches_another_process(site: Site, unpolled):
    browsers, _ = await pair(site)
    site.runtime.relay.send_ephemeral(Told(text="shown"), "open.1")
    for browser in browsers:
        assert await browser.texts(1) == ["shown"]


async def test_an_ephemeral_event_that_does_not_fit_is_counted_and_shown_here(
    site: Site, unpolled, caplog
):
    (here, there), _ = await pair(site)
    for text in ("x" * 5_000, "small"):
        site.runtime.relay.send_ephemeral(Told(text=text), "open.1")
        assert await here.texts(1) == [text]
        await async_wait_until(lambda: not site.runtime.relay._ephemerals)
    assert await there.texts(1) == ["small"]
    assert site.runtime.relay.dropped == 1
    assert "do not reach other processes" in caplog.text


async def test_a_process_without_a_server_sends_ephemeral_events(site: Site, monkeypatch):
    browsers, _ = await pair(site)
    monkeypatch.setattr("hub.broadcast.serverless.has_relay", lambda: False)
    receivers = relay._relays.copy()
    for one in receivers:
        one.disconnect()  # this process's own way
    await asyncio.to_thread(publish_ephemeral, Told(text="shown"), "open.1")
    for browser in browsers:
        assert await browser.texts(1) == ["shown"]


async def test_a_connection_that_was_ended_is_made_again(site: Site, quick_heartbeat, caplog):
    browsers, _ = await pair(site)
    ended = await site.run(lambda: execute(LISTENING))
    assert len(ended) == 2
    await async_wait_until(lambda: "NOTIFY is silent" in caplog.text)
    await async_wait_until(lambda: caplog.text.count("NOTIFY works again") == 2)
    await site.tell("open.1", "told")
    for browser in browsers:
        assert await browser.texts(1) == ["told"]


async def test_a_silent_connection_is_degraded_and_given_up(
    site: Site, quick_heartbeat, monkeypatch
):
    await pair(site)
    hints = site.runtime.listener._hints
    first, receive = hints._connection, hints.receive
    silent = asyncio.Event()

    async def hear():
        heard = await receive()
        if hints._connection is first and silent.is_set():
            return await asyncio.Event().wait()  # as if nothing came any more
        return heard

    monkeypatch.setattr(hints, "receive", hear)
    silent.set()
    await async_wait_until(lambda: site.runtime.follower.degraded)
    await async_wait_until(lambda: not site.runtime.follower.degraded)
    assert hints._connection is not first and first.closed


async def test_a_stopped_process_leaves_no_connection(site: Site):
    await pair(site)
    await site.close()
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN hub%%'"

    async def none_is_left():
        return await site.run(lambda: execute(query)) == [(0,)]

    await async_wait_until(none_is_left)


async def test_what_others_send_is_not_believed_and_ends_nothing(site: Site, unpolled, caplog):
    browsers, _ = await pair(site)
    epoch = browsers[0].welcome["epoch"]
    forged = Signer().sign(
        Ephemerals("there", epoch, [Ephemeral("open.1", Told.type, "", '"data":{"text":"false"}}')])
    )
    forged["signature"] = "0" * 64
    for payload in ("", "nonsense", "a b c d e", "a b 1 d", "x " * 500, notify.payload_of(forged)):
        await site.run(lambda payload=payload: notify.notify(payload))
    await site.tell("open.1", "true")
    for browser in browsers:
        assert await browser.texts(1) == ["true"]
    assert "degraded" not in caplog.text and not site.runtime.follower.degraded


async def test_a_full_queue_does_not_stop_the_numbering(site: Site, monkeypatch, caplog):
    browser = await site.connect(topics=["open.1"])
    await site.followed()

    def refuse(drained):
        raise OperationalError("too many") from psycopg.errors.ProgramLimitExceeded()

    monkeypatch.setattr(site.runtime.relay._hints, "announce", refuse)
    await site.tell("open.1", "told")
    assert await browser.texts(1) == ["told"]
    assert "the queue of NOTIFY is full" in caplog.text


def test_nothing_is_announced_by_the_saver_or_by_a_drain_that_is_rolled_back(monkeypatch):
    hints = notify.PostgresHints(None, "here")
    statements = []

    def record(run, sql, params, many, context):
        statements.append(sql)
        return run(sql, params, many, context)

    with connection.execute_wrapper(record), transaction.atomic():
        publish(Told(text="told"), "open.1")
    assert not [sql for sql in statements if "notify" in sql]
    with HeardHere() as heard:
        with pytest.raises(LookupError), transaction.atomic():
            numbering.drain(announce=hints.announce)
            raise LookupError
        notify.notify("fence")
        assert heard() == ["fence"]


class HeardHere:
    """Payloads up to the fence, heard by a session of its own."""

    def __enter__(self):
        self._session = psycopg.connect(**notify.address(), autocommit=True)
        self._session.execute(f"LISTEN {notify.CHANNEL}")
        return self._heard

    def _heard(self):
        payloads = []
        for heard in self._session.notifies(timeout=PATIENCE):
            payloads.append(heard.payload)
            if heard.payload == "fence":
                return payloads
        raise AssertionError(payloads)

    def __exit__(self, *raised):
        self._session.close()


def test_small_drains_travel_whole_and_large_ones_by_their_positions():
    hints = notify.PostgresHints(None, "here")
    with HeardHere() as heard:
        for count in (3, 300):
            in_another_thread(lambda count=count: [insert("open.1", "t") for _ in range(count)])
            numbering.drain(announce=hints.announce)
        notify.notify("fence")
        small, large, _ = heard()
    assert small.startswith("hub.batch ") and len(small) < 7_900
    assert large.startswith("hub.numbered ") and '"first":4,"last":303' in large


def test_ephemeral_events_are_split_at_the_bound_in_their_order():
    events = [Ephemeral("open.1", "t", str(n), "x" * 1_000) for n in range(20)]
    large = Ephemeral("open.1", "t", "", "x" * 8_000)
    pieces, dropped = ephemerals("p" * 8, "e" * 36, [*events, large], notify.LIMIT)
    assert [event for piece in pieces for event in piece.events] == events
    assert dropped == 1 and len(pieces) == 3
    for piece in pieces:
        assert len(notify.payload_of(Signer().sign(piece)).encode()) <= notify.MAX_PAYLOAD


@pytest.mark.parametrize(
    ("hints", "layer", "expected"),
    [
        (None, "channels.layers.InMemoryChannelLayer", "postgres"),
        (None, "tests.hub.layers.CountingLayer", "layer"),
        ("layer", "channels.layers.InMemoryChannelLayer", "layer"),
        ("postgres", "tests.hub.layers.CountingLayer", "postgres"),
    ],
)
def test_unset_the_database_is_chosen_only_where_the_layer_is_in_memory(
    settings, hints, layer, expected
):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": layer}}
    kept = {name: value for name, value in settings.HUB.items() if name != "HINTS"}
    settings.HUB = kept if hints is None else {**kept, "HINTS": hints}
    assert chosen() == expected
