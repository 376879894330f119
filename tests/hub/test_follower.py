"""Following the log: the layer makes it fast, the database makes it complete."""

import asyncio
import datetime
import math
import threading

import pytest
from channels.layers import get_channel_layer
from django.db import OperationalError, connection
from django.utils import timezone

from hub import follower as follower_module
from hub import log
from hub.batch import GROUP, Batch, Ephemeral, Ephemerals, to_layer
from hub.events import encode_tail
from hub.metrics import sampler
from hub.models import Event, Log
from hub.numbering import Row, drain
from tests.hub.site import Site, Told, tell
from tests.rig.wait import PATIENCE, async_wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def use_layer(settings, name, **config):
    backend = f"tests.hub.layers.{name}"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": config}}


def insert(topic, text):
    """What a process without a server does: the row, and nobody is woken."""
    now = timezone.now()
    tail = encode_tail(Told(text=text), topic, now, 16_384)
    Event.objects.create(topic=topic, type=Told.type, at=now, frame=tail)


def age(event):
    """Seconds since it was inserted."""
    at = datetime.datetime.fromisoformat(event["at"])
    return (timezone.now() - at).total_seconds()


def in_another_thread(work, *args):
    def run():
        try:
            work(*args)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)


def row(position, topic="open.1", text="x"):
    tail = encode_tail(Told(text=text), topic, timezone.now(), 16_384)
    return Row(position, topic, Told.type, tail)


async def send(batch):
    await get_channel_layer().group_send(GROUP, to_layer(batch))


# Without being told


async def test_a_change_of_a_process_without_a_server_arrives_within_two_seconds(site: Site):
    browser = await site.connect(topics=["open.1"])
    took = [math.inf]
    for n in range(3):  # a machine that stands still for a moment spoils one
        if took[-1] <= 2:
            break
        await asyncio.to_thread(in_another_thread, insert, "open.1", str(n))
        event = await browser.expect("test.told")
        assert event["data"]["text"] == str(n)
        took.append(age(event))
    assert took[-1] <= 2, took


async def test_a_committed_change_arrives_without_waiting_for_the_poll(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    for n in range(5):
        await site.tell("open.1", str(n))
        assert await browser.texts(1) == [str(n)]


async def test_rows_that_were_numbered_elsewhere_and_never_sent_arrive_by_polling(site: Site):
    browser = await site.connect(topics=["open.1"])

    def number_and_die():
        insert("open.1", "a")
        insert("open.1", "b")
        drain()

    await asyncio.to_thread(in_another_thread, number_and_die)
    assert await browser.texts(2) == ["a", "b"]


# A layer in trouble


@pytest.mark.parametrize("seed", range(3))
async def test_a_layer_that_drops_doubles_and_reorders_costs_nothing_but_time(
    site: Site, settings, seed
):
    use_layer(settings, "TroubledLayer", seed=seed)
    there = site.another()
    browsers = [
        await site.connect(topics=["open.1"]),
        await site.connect(topics=["open.1"], application=there),
    ]
    wanted = [str(n) for n in range(120)]
    for text in wanted:
        await site.tell("open.1", text)
    for browser in browsers:
        assert await browser.texts(120) == wanted
    await site.tell("open.1", "fence")
    for browser in browsers:
        assert await browser.texts(1) == ["fence"]


@pytest.mark.parametrize("name", ["DeadLayer", "FrozenLayer"])
async def test_without_a_layer_two_processes_deliver_each_others_events(site: Site, settings, name):
    use_layer(settings, name)
    there = site.another()
    here = await site.connect(topics=["open.1"])
    elsewhere = await site.connect(topics=["open.1"], application=there)
    for n in range(3):
        await site.tell("open.1", str(n))
        for browser in (here, elsewhere):
            event = await browser.expect("test.told")
            assert event["data"]["text"] == str(n)
            assert age(event) <= 4


async def test_a_layer_that_comes_back_is_used_again(site: Site, settings, monkeypatch):
    use_layer(settings, "DeadLayer")
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    monkeypatch.setattr(follower_module, "RETRY", 0.05)
    there = site.another()
    here = await site.connect(topics=["open.1"])
    elsewhere = await site.connect(topics=["open.1"], application=there)
    layer = get_channel_layer()
    layer.is_dead = False
    await async_wait_until(lambda: len(layer.groups.get(GROUP, {})) == 2)
    await site.tell("open.1", "told")
    for browser in (here, elsewhere):
        assert await browser.texts(1) == ["told"]


@pytest.fixture
def quick_samples(monkeypatch):
    monkeypatch.setattr(sampler, "INTERVAL", 0.1)
    monkeypatch.setattr(follower_module, "SILENCE", 1.0)
    monkeypatch.setattr(follower_module, "RETRY", 0.05)


async def test_the_layer_is_silent_where_only_others_are_heard(
    site: Site, settings, quick_samples, caplog
):
    use_layer(settings, "MutedLayer")
    layer, follower = get_channel_layer(), site.runtime.follower
    there = site.another()
    await site.connect()
    await site.connect(application=there)
    assert not follower.degraded
    layer.muted = site.runtime.process
    await async_wait_until(lambda: follower.degraded)
    assert "the channel layer is silent" in caplog.text
    layer.muted = ""
    await async_wait_until(lambda: not follower.degraded)
    assert "the channel layer is heard again" in caplog.text


async def test_the_layer_is_known_to_be_silent_before_it_is_left(
    site: Site, settings, quick_samples, monkeypatch
):
    use_layer(settings, "MutedLayer")
    layer, follower, known = get_channel_layer(), site.runtime.follower, []
    group_discard = layer.group_discard

    async def discard(group, channel):
        known.append(follower.degraded)
        await group_discard(group, channel)

    monkeypatch.setattr(layer, "group_discard", discard)
    await site.connect()
    layer.muted = site.runtime.process
    await async_wait_until(lambda: known)
    assert known[0], "a layer that holds up the leaving would hold up the faster polling, too"


async def test_while_the_layer_is_silent_the_log_is_asked_more_often(
    site: Site, settings, monkeypatch
):
    use_layer(settings, "DeadLayer")
    monkeypatch.setattr(sampler, "INTERVAL", 3_600.0)  # a sample that fails has the log read, too
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    await site.followed()
    await asyncio.to_thread(in_another_thread, insert, "open.1", "told")
    assert await asyncio.wait_for(browser.texts(1), PATIENCE) == ["told"]


# What comes through the layer


async def test_two_processes_on_one_database_and_layer_both_deliver(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    there = site.another()
    here = await site.connect(topics=["open.1"])
    elsewhere = await site.connect(topics=["open.1"], application=there)
    wanted = [str(n) for n in range(40)]
    for text in wanted:
        await site.tell("open.1", text)
    assert await here.texts(40) == wanted
    assert await elsewhere.texts(40) == wanted
    assert here.welcome["epoch"] == elsewhere.welcome["epoch"]


async def test_a_batch_of_another_deployment_is_dropped(site: Site):
    browser = await site.connect(topics=["open.1"])
    await send(Batch("there", "foreign", 1, 1, [row(1, text="foreign")]))
    event = Ephemeral("open.1", Told.type, "", row(1, text="foreign").tail)
    await send(Ephemerals("there", "foreign", [event]))
    await get_channel_layer().group_send(GROUP, {"type": "chat.text", "text": "hello"})
    await site.tell("open.1", "own")
    assert await browser.texts(1) == ["own"]


async def test_what_cannot_be_read_is_dropped_and_told_once(site: Site, caplog):
    browser = await site.connect(topics=["open.1"])
    other_version = {**to_layer(Batch("there", "e", 1, 1, [])), "rows": "of another kind"}
    for message in (other_version, {"type": "hub.later"}, {"type": "chat.text"}) * 5:
        await get_channel_layer().group_send(GROUP, message)
    await site.tell("open.1", "own")
    assert await browser.texts(1) == ["own"]
    told = [one.message for one in caplog.records if "dropping messages" in one.message]
    assert len(told) == 3, "one line a kind"
    for name in ("hub.batch", "hub.later", "chat.text"):
        assert any(name in one for one in told)


async def test_a_batch_that_comes_twice_is_told_once(site: Site):
    browser = await site.connect(topics=["open.1"])
    epoch = browser.welcome["epoch"]
    await site.tell("open.1", "told")
    assert await browser.texts(1) == ["told"]
    for _ in range(3):
        await send(Batch("there", epoch, 1, 1, [row(1, text="told")]))
    await browser.silent_until("open.1")


async def test_an_overtaken_batch_waits_for_the_one_before_it(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    monkeypatch.setattr(follower_module, "HOLE", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    epoch = browser.welcome["epoch"]
    await send(Batch("there", epoch, 3, 3, [row(3, text="c")]))
    await send(Batch("there", epoch, 1, 2, [row(1, text="a"), row(2, text="b")]))
    assert await browser.texts(3) == ["a", "b", "c"]


async def test_a_hole_is_read_from_the_log_after_a_moment(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    epoch = browser.welcome["epoch"]

    def number_silently():
        insert("open.1", "lost on the way")
        insert("open.1", "arrives")
        drain()

    await asyncio.to_thread(in_another_thread, number_silently)
    await send(Batch("there", epoch, 2, 2, [row(2, text="arrives")]))
    assert await browser.texts(2) == ["lost on the way", "arrives"]


async def test_a_position_whose_row_was_removed_is_skipped(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)  # nothing is read before the removal
    browser = await site.connect(topics=["open.1"])

    def number_and_remove():
        for text in "abc":
            insert("open.1", text)
        drain()
        Event.objects.filter(position=2).delete()

    await asyncio.to_thread(in_another_thread, number_and_remove)
    site.runtime.follower.read_soon()
    assert await browser.texts(2) == ["a", "c"]


# Another log


async def test_a_restored_database_becomes_a_new_log(site: Site, caplog):
    browser = await site.connect(topics=["open.1"])
    before = browser.welcome["epoch"]
    await site.tell("open.1", "a", "b", "c")
    assert await browser.texts(3) == ["a", "b", "c"]

    def restore():
        Event.objects.filter(position__gt=1).delete()
        Log.objects.update(head=1)

    await site.run(restore)
    assert await browser.ended() == (4012, "epoch")
    assert (await site.run(log.state)).epoch != before
    back = await site.connect(topics=["open.1"])
    await site.tell("open.1", "goes on")
    assert (await back.hear("event"))["id"] == 2
    assert "declaring a new epoch" in caplog.text


# A database in trouble


async def test_while_the_database_is_away_sockets_stay_and_get_the_rest_later(
    site: Site, monkeypatch
):
    browser = await site.connect(topics=["open.1"])

    def fail():
        raise OperationalError("away")

    with monkeypatch.context() as away:
        away.setattr(log, "state", fail)
        site.runtime.follower.read_soon()
        await async_wait_until(lambda: not site.runtime.is_ready)
    assert not browser.future.done()
    await site.tell("open.1", "after")
    assert await browser.texts(1) == ["after"]
    await async_wait_until(lambda: site.runtime.is_ready)


async def test_an_error_that_nobody_expected_does_not_end_the_following(
    site: Site, monkeypatch, caplog
):
    browser = await site.connect(topics=["open.1"])

    def fail():
        raise LookupError("unexpected")

    with monkeypatch.context() as broken:
        broken.setattr(log, "state", fail)
        site.runtime.follower.read_soon()
        await async_wait_until(lambda: "unexpected" in caplog.text)
        assert not site.runtime.is_ready
    await site.tell("open.1", "after")
    assert await browser.texts(1) == ["after"]


# Ephemeral events


async def test_an_ephemeral_event_reaches_the_pages_of_every_process_once(site: Site):
    there = site.another()
    browsers = [
        await site.connect(topics=["open.1"]),
        await site.connect(topics=["open.1"], application=there),
        await site.connect(topics=["open.2"]),
    ]
    for n in range(3):
        site.runtime.relay.send_ephemeral(Told(text=str(n)), "open.1")
        for browser in browsers[:2]:
            event = await browser.hear("event")
            assert event["data"]["text"] == str(n)
            assert "id" not in event
    await site.tell("open.1", "fence")
    await site.tell("open.2", "fence")
    for browser in browsers:
        assert await browser.texts(1) == ["fence"]
    assert await site.run(Event.objects.count) == 2


async def test_of_ephemeral_events_with_one_key_the_latest_wins(site: Site):
    browser = await site.connect(topics=["open.1"])
    follower = site.runtime.follower

    for n in range(5):  # in one turn of the loop, so that nothing is shown in between
        tail = encode_tail(Told(text=str(n), same="k"), "open.1", timezone.now(), 16_384)
        follower.offer_ephemeral(Ephemeral("open.1", Told.type, "k", tail))
    assert await browser.texts(1) == ["4"]
    await browser.silent_until("open.1")


async def test_the_start_is_in_the_middle_of_a_long_log(site: Site):
    await asyncio.to_thread(in_another_thread, tell, "open.1", *"abcdef")
    await asyncio.to_thread(in_another_thread, drain)
    browser = await site.connect(topics=["open.1"])
    assert browser.welcome["position"] == 6
    assert len(site.runtime.follower.ring) == 6
    await site.tell("open.1", "g")
    assert (await browser.hear("event"))["id"] == 7
