"""Numbering after the commit, and sending: the hot path, counted."""

import asyncio
import itertools
import threading

import msgspec
import pytest
from channels.layers import get_channel_layer
from django.db import OperationalError, transaction
from django.db.backends.utils import CursorWrapper

from hub import events, publish_many
from hub.broadcast import follower as follower_module
from hub.broadcast import relay as relay_module
from hub.broadcast.layer import BATCH, Batch
from hub.models import Event
from tests.hub.site import Site, Told, make_person
from tests.numbering import drain
from tests.rig.wait import PATIENCE, async_wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


@pytest.fixture
def counting_layer(settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.hub.layers.CountingLayer"}}


def batches_sent():
    """The batches that this test's layer has carried."""
    return [opened(one) for one in get_channel_layer().sent if one["type"] == BATCH]


def opened(message):
    return msgspec.json.decode(message["content"], type=Batch)


@pytest.fixture
def statements(monkeypatch):
    """Every statement of every thread."""
    seen = []
    execute = CursorWrapper.execute

    def record(self, sql, params=None):
        seen.append(str(sql))
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", record)
    return seen


async def test_one_event_to_fifty_sockets_is_one_batch_one_encoding_and_no_statement_each(
    site: Site, counting_layer, statements, monkeypatch
):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)  # its statements would be counted, too
    people = [await site.run(make_person, f"p{n}") for n in range(10)]
    browsers = [await site.connect(people[n % 10], ["open.1"]) for n in range(50)]
    await site.followed()
    encodings, splices = [], []
    encode, splice = events._encoder.encode, events.event_text

    class Encoder:
        def encode(self, frame):
            encodings.append(frame)
            return encode(frame)

    def counted_splice(position, tail):
        splices.append(position)
        return splice(position, tail)

    monkeypatch.setattr(events, "_encoder", Encoder())
    monkeypatch.setattr("hub.broadcast.ring.event_text", counted_splice)
    before = len(batches_sent())
    del statements[:]
    await site.tell("open.1", "told")
    for browser in browsers:
        assert await browser.texts(1) == ["told"]
    touching = [sql for sql in statements if "hub_event" in sql]
    assert len(batches_sent()) - before == 1
    assert len([one for one in encodings if one["type"] == Told.type]) == 1
    assert len(splices) == 1
    # The insert, its numbering, and what the relay and the follower's poll look for.
    assert len([sql for sql in touching if sql.startswith("INSERT")]) == 1
    assert len(touching) < 10


async def test_a_burst_is_sent_as_few_batches_that_cover_it_without_a_hole(
    site: Site, counting_layer
):
    browser = await site.connect(topics=["open.1"])

    def write():
        with transaction.atomic():
            publish_many((Told(text=str(n)), "open.1") for n in range(1_200))

    await site.run(write)
    assert await browser.texts(1_200) == [str(n) for n in range(1_200)]
    spans = [(one.first, one.last) for one in batches_sent()]
    assert len(spans) <= 5
    assert spans[0][0] == 1 and spans[-1][1] == 1_200
    assert all(after[0] == before[1] + 1 for before, after in itertools.pairwise(spans))


async def test_large_events_are_sent_in_batches_of_a_bounded_size(
    site: Site, counting_layer, settings
):
    browser = await site.connect(topics=["open.1"])

    def write():
        with transaction.atomic():
            publish_many((Told(text=f"{n:07000}"), "open.1") for n in range(150))

    await site.run(write)
    await browser.texts(150)
    assert len(batches_sent()) >= 3
    for one in batches_sent():
        assert one.size <= 1024 * 1024


async def test_a_rolled_back_change_is_not_sent(site: Site, counting_layer):
    browser = await site.connect(topics=["open.1"])

    def fail():
        with pytest.raises(LookupError), transaction.atomic():
            publish_many([(Told(text="never"), "open.1")])
            raise LookupError

    await site.run(fail)
    await browser.silent_until("open.1")
    assert len(batches_sent()) == 1, "the fence's"


async def test_nothing_is_sent_before_its_numbers_are_committed(site: Site, settings, monkeypatch):
    seen = []
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.hub.layers.CountingLayer"}}
    layer = get_channel_layer()
    send = layer.group_send

    def numbered():
        return list(Event.objects.order_by("position").values_list("position", flat=True))

    async def look_and_send(group, message):
        if message["type"] == BATCH:
            seen.append((opened(message).last, await site.run(numbered)))
        await send(group, message)

    monkeypatch.setattr(layer, "group_send", look_and_send)
    browser = await site.connect(topics=["open.1"])
    for n in range(5):
        await site.tell("open.1", str(n))
    await browser.texts(5)
    assert seen
    for last, positions in seen:
        assert last in positions


@pytest.mark.parametrize("error", [OperationalError("locked"), LookupError("unexpected")])
async def test_a_drain_that_fails_is_tried_again(site: Site, monkeypatch, error, caplog):
    monkeypatch.setattr(relay_module, "DRAIN_RETRY", 0.01)
    failures = [error, error]

    def drain_later():
        if failures:
            raise failures.pop()
        return drain()

    monkeypatch.setattr(relay_module, "drain", drain_later)
    browser = await site.connect(topics=["open.1"])
    await site.tell("open.1", "told")
    assert await browser.texts(1) == ["told"]
    assert str(error) in caplog.text


@pytest.mark.parametrize("trouble", ["fails", "hangs"])
async def test_a_process_whose_drains_do_not_succeed_is_not_ready(site: Site, monkeypatch, trouble):
    monkeypatch.setattr(relay_module, "DRAIN_RETRY", 0.01)
    monkeypatch.setattr(relay_module, "DRAIN_PATIENCE", 0.2)
    await site.connect()
    over = threading.Event()

    def drain_in_trouble():
        if trouble == "fails" and not over.is_set():
            raise OperationalError("locked")
        over.wait(PATIENCE)
        return drain()

    monkeypatch.setattr(relay_module, "drain", drain_in_trouble)
    await site.tell("open.1", "told")
    await async_wait_until(lambda: site.runtime.hindrance == "events are not numbered")
    over.set()
    await async_wait_until(lambda: site.runtime.is_ready)


async def test_a_layer_that_stands_still_does_not_hold_up_the_numbering(
    site: Site, settings, monkeypatch
):
    monkeypatch.setattr(
        relay_module, "SEND_TIMEOUT", 3_600.0
    )  # a drain that waited for it would never number
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.hub.layers.FrozenLayer"}}
    await site.connect()
    await site.followed()
    for n in range(100):
        await site.tell("open.1", str(n))

    def unnumbered():
        return Event.objects.filter(position=None).count()

    async def all_numbered():
        return await site.run(unnumbered) == 0

    await async_wait_until(all_numbered)
    assert site.runtime.relay._batches.bytes <= 16 * 1024 * 1024


async def test_a_stopped_hub_ignores_commits_and_leaves_no_task(site: Site):
    browser = await site.connect()
    await site.tell("open.1", "a")
    await site.followed()
    await browser.disconnect()
    await site.application.stop()
    await site.tell("open.1", "b")
    left = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("hub.")]
    assert left == []
    assert await site.run(Event.objects.filter(position=None).count) == 1
