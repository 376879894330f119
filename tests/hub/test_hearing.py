"""What a connection hears: subscriptions that change, rights that are lost."""

import pytest
from django.contrib.auth import logout
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import HttpRequest

from hub import publish, publish_many, revoke, subscribe, unsubscribe
from hub.rights import session_digest
from tests.hub.site import (
    Site,
    SitePolicy,
    Told,
    change_password,
    change_person,
    make_person,
    sign_in,
    take_away,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def change(*changes):
    with transaction.atomic():
        for verb, person, topic in changes:
            verb(person.pk, topic)


def tell_many(topic, count, size=1):
    with transaction.atomic():
        publish_many((Told(text=str(n) * size), topic) for n in range(count))


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


# Rights


@pytest.mark.parametrize(
    ("reason", "code"),
    [("logout", 4510), ("password", 4501), ("deactivated", 4510), ("deleted", 4510)],
)
async def test_a_revocation_closes_every_socket_of_the_person_and_no_other(
    site: Site, reason, code
):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    tabs = [await site.connect(ana) for _ in range(2)]
    other = await site.connect(ben)

    def write():
        if reason == "password":
            change_password(ana)
        take_away(ana, reason)

    await site.run(write)
    for tab in tabs:
        assert await tab.ended() == (code, reason)
    await other.silent_until(f"user.{ben.pk}")


@pytest.mark.parametrize("behind", [False, True])
async def test_the_last_event_comes_before_the_close_and_nothing_after_it(site: Site, behind):
    ana = await site.run(make_person)
    browser = await site.connect(ana)

    def write():
        with transaction.atomic():
            if behind:
                subscribe(ana.pk, "open.1")
            publish(Told(text="deleted"), f"user.{ana.pk}")
            revoke(ana.pk, "deleted")
            publish(Told(text="after"), f"user.{ana.pk}")

    await site.run(write)
    assert await browser.texts(1) == ["deleted"]
    assert await browser.ended() == (4510, "deleted")


async def test_a_logout_closes_the_sockets_of_its_session_only(site: Site):
    ana = await site.run(make_person)
    here, there = await site.run(sign_in, ana), await site.run(sign_in, ana)
    mine, other = await site.connect(cookie=here), await site.connect(cookie=there)

    def log_out():
        request = HttpRequest()
        request.session = SessionStore(here)
        request.user = ana
        logout(request)

    await site.run(log_out)
    assert await mine.ended() == (4510, "logout")
    await other.silent_until(f"user.{ana.pk}")
    again = await site.connect(cookie=here)
    assert again.welcome["user"] is None


async def test_who_loses_staff_loses_its_topics_and_keeps_the_socket(site: Site):
    ana = await site.run(make_person, is_staff=True)
    await site.run(change, (subscribe, ana, "staff"))
    await site.connect()
    await site.followed()
    browser = await site.connect(ana, topics=["staff.page", "open.1"])
    await site.tell("staff", "for staff")
    assert await browser.texts(1) == ["for staff"]

    def demote():
        change_person(ana, is_staff=False)
        take_away(ana, "staff")

    await site.run(demote)
    changed = await browser.hear("topics")
    assert (changed["added"], changed["removed"]) == ([], ["staff", "staff.page"])
    await site.tell("staff", "secret")
    await site.tell("staff.page", "secret")
    await browser.silent_until("open.1")


async def test_events_behind_a_lost_right_in_one_transaction_are_not_told(site: Site):
    ana = await site.run(make_person, is_staff=True)
    browser = await site.connect(ana, topics=["staff"])

    def write():
        with transaction.atomic():
            publish(Told(text="may"), "staff")
            change_person(ana, is_staff=False)
            revoke(ana.pk, "staff")
            publish(Told(text="may not"), "staff")

    await site.run(write)
    assert await browser.texts(1) == ["may"]
    assert (await browser.hear("topics"))["removed"] == ["staff"]
    await browser.silent_until(f"user.{ana.pk}")


async def test_a_recheck_finds_a_deleted_account(site: Site):
    ana = await site.run(make_person)
    browser = await site.connect(ana)

    def vanish():
        rows = type(ana)._base_manager.filter(pk=ana.pk)
        rows._raw_delete(rows.db)  # no signal: nothing else tells of it
        take_away(ana, "permissions")

    await site.run(vanish)
    assert (await browser.ended())[0] == 4510


async def test_a_revocation_from_before_the_hello_does_not_close_the_socket(site: Site):
    ana = await site.run(make_person)
    first = await site.connect(ana)
    epoch = first.welcome["epoch"]

    def write():
        change_password(ana)
        take_away(ana, "password")

    await site.run(write)
    assert (await first.ended())[0] == 4501
    await site.followed()
    back = await site.connect(ana, resume=(epoch, 0))
    await back.silent_until(f"user.{ana.pk}")


async def test_who_connects_with_the_new_password_stays_though_the_log_says_it_later(site: Site):
    """The page after a changed password may connect before the change has its number."""
    ana = await site.run(make_person)
    old = await site.connect(ana)
    site.runtime.relay.disconnect()  # numbered by the next poll only

    def write():
        change_password(ana)
        take_away(ana, "password")

    await site.run(write)
    new = await site.connect(ana)
    assert await old.ended() == (4501, "password")
    assert await site.followed()
    await new.silent_until(f"user.{ana.pk}")


async def test_a_revocations_reason_is_one_of_the_known():
    with pytest.raises(ValueError, match="'boredom'"):
        revoke(7, "boredom")


def test_a_sessions_digest_does_not_give_the_key_away():
    assert session_digest("abcdefgh") == session_digest("abcdefgh")
    assert "abcdefgh" not in session_digest("abcdefgh")
    assert session_digest(None) is None
