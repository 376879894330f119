"""What a connection hears: subscriptions that change."""

import pytest
from django.db import transaction

from hub import publish, subscribe, unsubscribe
from tests.hub.site import (
    Site,
    Told,
    make_person,
)
from tests.hub.sockets.steps import change

pytestmark = pytest.mark.django_db(transaction=True)


async def ask(browser, op, *topics, **more):
    await browser.say({"op": op, "ref": "r", "topics": list(topics), **more})
    reply = await browser.hear("reply")
    assert reply["ref"] == "r"
    return reply


# What a page asks for


async def test_a_subscription_begins_now(site: Site):
    browser = await site.connect()
    await site.tell("open.1", "before")
    await site.followed()
    reply = await ask(browser, "subscribe", "open.1")
    assert reply == {
        "op": "reply",
        "ref": "r",
        "ok": True,
        "topics": ["open.1"],
        "refused": [],
        "recovered": True,
        "events": [],
    }
    await site.tell("open.1", "after")
    assert await browser.texts(1) == ["after"]


async def test_an_unsubscription_ends_it(site: Site):
    browser = await site.connect(topics=["open.1", "open.2"])
    reply = await ask(browser, "unsubscribe", "open.1", "open.3")
    assert (reply["ok"], reply["topics"]) == (True, ["open.1"])
    await site.tell("open.1", "left")
    await browser.silent_until("open.2")


async def test_no_frame_grants_another_users_topic(site: Site):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    first = await site.connect()
    topic = f"user.{ana.pk}"
    await site.tell(topic, "secret")
    await site.followed()
    for user in (None, ben):
        browser = await site.connect(user, ["open.1", topic], (first.welcome["epoch"], 0))
        assert browser.welcome["refused"] == [{"topic": topic, "code": "forbidden"}]
        reply = await ask(browser, "subscribe", topic, since=0)
        assert (reply["ok"], "events" in reply) == (False, False)
        await site.tell(topic, "secret again")
        await browser.silent_until("open.1")


@pytest.mark.parametrize("ring", [10_000, 1])
async def test_what_a_late_subscription_missed_comes_inside_the_reply(site: Site, settings, ring):
    settings.HUB = {"RING_EVENTS": ring}
    browser = await site.connect()
    await site.tell("open.1", "page shows it", "missed")
    await site.tell("open.2", "other")
    await site.tell("open.1", "missed too")
    await site.followed()
    reply = await ask(browser, "subscribe", "open.1", since=1)
    assert [event["data"]["text"] for event in reply["events"]] == ["missed", "missed too"]
    assert reply["recovered"] is True
    await site.tell("open.1", "live")
    assert await browser.texts(1) == ["live"]


async def test_a_reply_does_not_move_the_cursor_of_the_stream(site: Site):
    """So who resumes from below hears them again, and the browser's client drops them by id."""
    browser = await site.connect()
    await site.tell("open.1", "in the reply")
    await site.followed()
    (told,) = (await ask(browser, "subscribe", "open.1", since=0))["events"]
    await browser.disconnect()
    back = await site.connect(None, ["open.1"], (browser.welcome["epoch"], 0))
    assert await back.hear("event") == told


# A person's own subscriptions


async def test_a_watched_topic_reaches_every_open_socket_at_once(site: Site):
    ana = await site.run(make_person)
    tabs = [await site.connect(ana) for _ in range(2)]
    await site.run(change, (subscribe, ana, "open.1"))
    await site.tell("open.1", "watched")
    for tab in tabs:
        assert await tab.hear("topics") == {"op": "topics", "added": ["open.1"], "removed": []}
        assert await tab.texts(1) == ["watched"]
    await site.run(change, (unsubscribe, ana, "open.1"))
    await site.tell("open.1", "not watched")
    for tab in tabs:
        assert await tab.hear("topics") == {"op": "topics", "added": [], "removed": ["open.1"]}
    await site.tell(f"user.{ana.pk}", "fence")
    for tab in tabs:
        assert await tab.texts(1) == ["fence"]


async def test_events_between_two_changes_of_one_transaction_are_received_exactly(site: Site):
    ana = await site.run(make_person)
    browser = await site.connect(ana)

    def write():
        with transaction.atomic():
            publish(Told(text="before"), "open.1")
            subscribe(ana.pk, "open.1")
            publish(Told(text="during"), "open.1")
            unsubscribe(ana.pk, "open.1")
            publish(Told(text="after"), "open.1")

    await site.run(write)
    assert await browser.texts(1) == ["during"]
    await browser.silent_until(f"user.{ana.pk}")
