"""Following the log while the layer or the database is in trouble."""

import asyncio
import threading

import pytest
from channels.layers import get_channel_layer
from django.db import OperationalError

from hub import log
from hub.broadcast import follower as follower_module
from hub.broadcast import listener, relay
from hub.broadcast.layer import GROUP
from hub.metrics import sampler
from tests.hub.following import age, in_another_thread, insert, use_layer
from tests.hub.site import Site, Told
from tests.rig.wait import PATIENCE, async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)


# A layer in trouble


@pytest.mark.parametrize("seed", range(3))
async def test_a_layer_that_drops_doubles_and_reorders_costs_only_time(site: Site, settings, seed):
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
    ages = []
    for n in range(3):
        await site.tell("open.1", str(n))
        for browser in (here, elsewhere):
            event = await browser.expect("test.told")
            assert event["data"]["text"] == str(n)
            ages.append(age(event))
    assert sorted(ages)[len(ages) // 2] <= 4, ages  # a machine that stands still spoils some


async def test_a_layer_that_comes_back_is_used_again(site: Site, settings, monkeypatch):
    use_layer(settings, "DeadLayer")
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    monkeypatch.setattr(listener, "RETRY", 0.05)
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
def quick_heartbeat(monkeypatch):
    monkeypatch.setattr(relay, "HEARTBEAT_INTERVAL", 0.1)
    monkeypatch.setattr(listener, "SILENCE", 1.0)
    monkeypatch.setattr(listener, "RETRY", 0.05)


async def test_a_layer_that_carries_only_messages_of_others_counts_as_silent(
    site: Site, settings, quick_heartbeat, caplog
):
    use_layer(settings, "MutedLayer")
    layer, follower = get_channel_layer(), site.runtime.follower
    there = site.another()
    await site.connect()
    await site.connect(application=there)
    await async_wait_until(lambda: not follower.degraded)
    layer.muted = site.runtime.process
    await async_wait_until(lambda: follower.degraded)
    assert "the channel layer is silent" in caplog.text
    layer.muted = ""
    await async_wait_until(lambda: not follower.degraded)
    assert "the channel layer works again" in caplog.text


async def test_a_silent_layer_counts_as_degraded_before_the_group_is_left(
    site: Site, settings, quick_heartbeat, monkeypatch
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


async def test_while_the_layer_is_silent_the_log_is_read_more_often(
    site: Site, settings, monkeypatch
):
    use_layer(settings, "DeadLayer")
    # What cannot be sent has the log read, too.
    monkeypatch.setattr(relay, "HEARTBEAT_INTERVAL", 3_600.0)
    monkeypatch.setattr(sampler, "INTERVAL", 3_600.0)
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    await site.followed()
    await asyncio.to_thread(in_another_thread, insert, "open.1", "told")
    assert await asyncio.wait_for(browser.texts(1), PATIENCE) == ["told"]


async def test_a_process_without_samples_knows_that_the_layer_works(
    site: Site, quick_heartbeat, monkeypatch, caplog
):
    """Samples may be too large for a frame, or switched off."""
    monkeypatch.setattr(sampler, "INTERVAL", 3_600.0)
    monkeypatch.setattr(listener, "SILENCE", 0.5)
    heartbeats = []
    receive = site.runtime.listener._receive

    def count(message):
        heartbeats.append(message)
        receive(message)

    monkeypatch.setattr(site.runtime.listener, "_receive", count)
    await async_wait_until(lambda: len(heartbeats) > 10)
    assert not site.runtime.follower.degraded
    assert "the channel layer is silent" not in caplog.text


# A database in trouble


async def test_while_the_database_is_away_sockets_stay_open_and_get_their_events_later(
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


async def test_an_ephemeral_event_does_not_make_a_process_ready_that_cannot_read_the_log(
    site: Site, monkeypatch
):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])

    def fail():
        raise OperationalError("away")

    monkeypatch.setattr(log, "state", fail)
    site.runtime.follower.read_soon()
    await async_wait_until(lambda: not site.runtime.is_ready)
    site.runtime.relay.send_ephemeral(Told(text="shown"), "open.1")
    assert await browser.texts(1) == ["shown"]
    assert not site.runtime.is_ready


async def test_a_database_that_does_not_answer_makes_a_process_not_ready(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "DATABASE_PATIENCE", 0.1)
    await site.connect()
    answers, state = threading.Event(), log.state

    def wait():
        answers.wait(PATIENCE)
        return state()

    monkeypatch.setattr(log, "state", wait)
    site.runtime.follower.read_soon()
    await async_wait_until(lambda: not site.runtime.is_ready)
    answers.set()
    await async_wait_until(lambda: site.runtime.is_ready)


async def test_an_unexpected_error_does_not_end_the_follower(site: Site, monkeypatch, caplog):
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
