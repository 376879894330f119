"""What a connection hears: subscriptions that change."""

import pytest
from django.db import transaction

from hub import publish, subscribe, unsubscribe
from tests.hub.site import (
    Site,
    SitePolicy,
    Told,
    make_person,
    tell_many,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def change(*changes):
    with transaction.atomic():
        for verb, person, topic in changes:
            verb(person.pk, topic)


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


async def test_a_subscription_may_succeed_in_part(site: Site):
    browser = await site.connect()
    reply = await ask(browser, "subscribe", "open.1", "staff", "gone.1")
    assert (reply["ok"], reply["topics"]) == (True, ["open.1"])
    refused = {one["topic"]: one["code"] for one in reply["refused"]}
    assert refused == {"staff": "forbidden", "gone.1": "unknown_topic"}


@pytest.mark.parametrize(("topic", "code"), [("staff", "forbidden"), ("gone.1", "unknown_topic")])
async def test_where_nothing_was_granted_the_answer_is_no(site: Site, topic, code):
    browser = await site.connect(topics=["open.1"])
    reply = await ask(browser, "subscribe", topic)
    assert (reply["ok"], reply["error"]["code"]) == (False, code)
    await site.tell(topic, "secret")
    await browser.silent_until("open.1")


async def test_another_persons_topic_cannot_be_had_in_any_way(site: Site):
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


async def test_a_connection_has_a_limited_number_of_pages(site: Site, settings):
    settings.HUB = {"TOPICS": 2}
    browser = await site.connect(topics=["open.1"])
    reply = await ask(browser, "subscribe", "open.1", "open.2", "open.3")
    assert reply["topics"] == ["open.1", "open.2"]
    assert reply["refused"] == [{"topic": "open.3", "code": "too_many_topics"}]
    reply = await ask(browser, "subscribe", "open.4")
    assert reply["error"]["code"] == "too_many_topics"
    await ask(browser, "unsubscribe", "open.1")
    assert (await ask(browser, "subscribe", "open.4"))["ok"] is True


async def test_the_policy_is_asked_for_no_more_topics_than_a_connection_may_have(settings):
    settings.HUB = {"TOPICS": 3}
    asked = []

    class Asked(SitePolicy):
        def refusals(self, user, topics):
            asked.append(len(topics))
            return super().refusals(user, topics)

    site = Site(Asked())
    browser = await site.connect()
    reply = await ask(browser, "subscribe", *(f"open.{n}" for n in range(5_000)))
    assert reply["topics"] == ["open.0", "open.1", "open.2"]
    beyond = [{"topic": f"open.{n}", "code": "too_many_topics"} for n in (3, 4, 5)]
    assert reply["refused"] == beyond, "a small answer: the rest is not named"
    assert max(asked) == 3
    await site.close()


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


@pytest.mark.parametrize(("count", "size"), [(101, 1), (60, 2_500)])
async def test_more_than_a_reply_carries_is_not_recovered(site: Site, count, size):
    browser = await site.connect()
    await site.run(tell_many, "open.1", count, size)
    await site.followed()
    reply = await ask(browser, "subscribe", "open.1", since=0)
    assert (reply["ok"], reply["recovered"], reply["events"]) == (True, False, [])
    await site.tell("open.1", "live")
    assert await browser.texts(1) == ["live"]


async def test_what_is_heard_already_is_not_told_again_in_a_reply(site: Site):
    browser = await site.connect(topics=["open.1"])
    await site.tell("open.1", "told")
    assert await browser.texts(1) == ["told"]
    assert (await ask(browser, "subscribe", "open.1", since=0))["events"] == []


# A person's own subscriptions


async def test_a_watched_topic_is_heard_at_once_in_every_open_socket(site: Site):
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


async def test_what_lies_between_two_changes_of_one_transaction_is_told_exactly(site: Site):
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


async def test_a_subscription_that_the_policy_refuses_is_not_heard(site: Site):
    ana = await site.run(make_person)
    browser = await site.connect(ana)
    await site.run(change, (subscribe, ana, "staff"))
    await site.tell("staff", "secret")
    await browser.silent_until(f"user.{ana.pk}")


async def test_a_subscription_is_not_shown_as_an_event(site: Site):
    ana = await site.run(make_person)
    browser = await site.connect(ana)
    await site.run(change, (subscribe, ana, "open.1"), (subscribe, ana, "open.1"))
    assert (await browser.next())["op"] == "topics"
    await browser.silent_until(f"user.{ana.pk}")
