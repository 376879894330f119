"""Hello and welcome: what a connection hears, where its stream starts."""

import pytest
from django.db import transaction

from hub import log, subscribe
from hub.log.epoch import renew_epoch
from hub.models import Log
from tests.hub.site import (
    Site,
    make_person,
    tell,
    tell_many,
)

pytestmark = pytest.mark.django_db(transaction=True)


def watch(person, *topics):
    with transaction.atomic():
        for topic in topics:
            subscribe(person.pk, topic)


# What it hears


async def test_requested_topics_are_granted_or_refused_one_by_one(site: Site):
    browser = await site.connect(topics=["open.1", "staff", "gone.1", "user.1", "open.1"])
    assert browser.welcome["pages"] == ["open.1"]
    refusals = {one["topic"]: one["code"] for one in browser.welcome["refused"]}
    assert refusals == {"staff": "forbidden", "gone.1": "unknown_topic", "user.1": "forbidden"}


async def test_more_topics_than_the_limit_are_refused_by_name(site: Site, settings):
    settings.HUB = {"TOPICS": 2}
    browser = await site.connect(topics=["open.1", "open.2", "open.3"])
    assert browser.welcome["pages"] == ["open.1", "open.2"]
    assert browser.welcome["refused"] == [{"topic": "open.3", "code": "too_many_topics"}]


async def test_a_welcome_is_small_however_many_topics_were_requested(site: Site, settings):
    settings.HUB = {"TOPICS": 2}
    browser = await site.connect(topics=[f"open.{n}" for n in range(5_000)])
    assert browser.welcome["pages"] == ["open.0", "open.1"]
    beyond = [{"topic": f"open.{n}", "code": "too_many_topics"} for n in (2, 3)]
    assert browser.welcome["refused"] == beyond


async def test_a_users_own_topics_come_by_themselves(site: Site):
    ana = await site.run(make_person)
    await site.run(watch, ana, "open.1", "staff")
    await site.connect()
    await site.followed()
    browser = await site.connect(ana)
    assert sorted(browser.welcome["topics"]) == ["open.1", f"user.{ana.pk}"]


# Where it starts


async def test_without_a_cursor_the_stream_starts_at_the_head(site: Site):
    await site.tell("open.1", "old")
    await site.connect()
    head = await site.followed()
    browser = await site.connect(topics=["open.1"])
    assert browser.welcome["position"] == head == browser.welcome["head"]
    await site.tell("open.1", "new")
    assert await browser.texts(1) == ["new"]


async def test_a_returning_client_gets_what_it_missed_once_and_in_order(site: Site):
    ana = await site.run(make_person)
    browser = await site.connect(ana, topics=["open.1"])
    await site.tell("open.1", "seen")
    cursor = (await browser.hear("event"))["id"]
    await browser.disconnect()
    await site.tell("open.1", "a", "b")
    await site.tell("open.2", "not for it")
    await site.tell(ana and f"user.{ana.pk}", "c")
    head = await site.followed()
    back = await site.connect(ana, ["open.1"], (browser.welcome["epoch"], cursor))
    assert back.welcome["recovered"] is True
    assert (back.welcome["position"], back.welcome["head"]) == (cursor, head)
    assert await back.texts(3) == ["a", "b", "c"]
    await back.silent_until(f"user.{ana.pk}")


async def test_a_replay_honours_the_intervals_of_what_was_watched(site: Site):
    ana = await site.run(make_person)
    first = await site.connect(ana)
    await site.tell("open.1", "before")
    await site.run(watch, ana, "open.1")
    await site.tell("open.1", "during")
    await site.followed()

    def unwatch():
        from hub import unsubscribe

        with transaction.atomic():
            unsubscribe(ana.pk, "open.1")

    await site.run(unwatch)
    await site.tell("open.1", "after")
    await site.followed()
    back = await site.connect(ana, resume=(first.welcome["epoch"], 0))
    heard = []
    while (frame := await back.next())["op"] != "ping":
        heard.append(frame)
        if frame["op"] == "topics" and frame["removed"]:
            break
    texts = [one["data"]["text"] for one in heard if one.get("type") == "test.told"]
    assert texts == ["during"]
    await back.silent_until(f"user.{ana.pk}")


async def test_a_cursor_of_another_log_starts_at_the_head(site: Site):
    await site.tell("open.1", "old")
    await site.connect()
    head = await site.followed()
    browser = await site.connect(None, ["open.1"], ("foreign", 0))
    assert browser.welcome["recovered"] is False
    assert browser.welcome["reason"] == "epoch"
    assert browser.welcome["position"] == head


async def test_a_cursor_from_the_future_starts_at_the_head(site: Site):
    first = await site.connect()
    browser = await site.connect(None, ["open.1"], (first.welcome["epoch"], 2**63 - 1))
    assert browser.welcome["reason"] == "ahead"
    assert browser.welcome["position"] == 0
    await site.tell("open.1", "new")
    assert await browser.texts(1) == ["new"]
    assert (await site.run(log.state)).epoch == first.welcome["epoch"], "a client resets nobody"


async def test_a_cursor_below_the_horizon_starts_at_the_head(site: Site):
    first = await site.connect()
    await site.tell("open.1", "a", "b", "c")
    head = await site.followed()
    await site.run(Log.objects.update, horizon=2)
    pruned = await site.connect(None, ["open.1"], (first.welcome["epoch"], 1))
    assert (pruned.welcome["reason"], pruned.welcome["position"]) == ("pruned", head)
    kept = await site.connect(None, ["open.1"], (first.welcome["epoch"], 2))
    assert kept.welcome["recovered"] is True
    assert await kept.texts(1) == ["c"]


@pytest.mark.parametrize("ring", [10_000, 2])
async def test_more_than_one_replay_gives_is_not_replayed(site: Site, settings, ring):
    settings.HUB = {"REPLAY": 5, "RING_EVENTS": ring}
    first = await site.connect()
    await site.run(tell_many, "open.1", 6)
    head = await site.followed()
    epoch = first.welcome["epoch"]
    too_far = await site.connect(None, ["open.1"], (epoch, 0))
    assert (too_far.welcome["reason"], too_far.welcome["position"]) == ("too_many", head)
    near = await site.connect(None, ["open.1"], (epoch, 1))
    assert near.welcome["recovered"] is True
    assert await near.texts(5) == ["1", "2", "3", "4", "5"]


async def test_a_long_replay_comes_from_the_database_in_pages(site: Site, settings):
    settings.HUB = {"RING_EVENTS": 10}
    first = await site.connect()
    await site.run(tell_many, "open.1", 700)
    await site.followed()
    back = await site.connect(None, ["open.1"], (first.welcome["epoch"], 0))
    assert await back.texts(700) == [str(n) for n in range(700)]
    await site.tell("open.1", "live")
    assert await back.texts(1) == ["live"]


async def test_a_client_of_a_process_that_is_ahead_waits_for_this_one(site: Site):
    first = await site.connect(topics=["open.1"])
    epoch = first.welcome["epoch"]
    # This process hears nothing for a while: another one numbers what is told.
    site.runtime.relay.disconnect()
    ahead = await site.connect(None, ["open.1"], application=site.another())
    await site.tell("open.1", "a", "b")
    assert await ahead.texts(2) == ["a", "b"]
    back = await site.connect(None, ["open.1"], (epoch, 1))
    assert back.welcome["recovered"] is True
    assert await back.texts(1) == ["b"]


async def test_a_new_epoch_sends_everybody_to_it(site: Site):
    browser = await site.connect(topics=["open.1"])
    before = browser.welcome["epoch"]
    await site.run(renew_epoch)
    assert await browser.ended() == (4012, "epoch")
    back = await site.connect(None, ["open.1"], (before, 0))
    assert back.welcome["reason"] == "epoch"
    assert back.welcome["epoch"] != before


async def test_an_event_during_the_handshake_is_neither_lost_nor_doubled(site: Site):
    first = await site.connect()
    epoch = first.welcome["epoch"]
    for n in range(10):
        browser = site.browser()
        await browser.open()
        await browser.say(
            {"op": "hello", "topics": ["open.1"], "resume": {"epoch": epoch, "position": 0}}
        )
        await site.run(tell, "open.1", str(n))
        assert await browser.texts(n + 1) == [str(m) for m in range(n + 1)]
