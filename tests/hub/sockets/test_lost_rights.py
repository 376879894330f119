"""A lost right takes effect within a second, however far behind the connection is."""

import asyncio
import threading
import time

import pytest
from django.db import transaction

from hub import log, publish, revoke
from hub.sockets import driver
from hub.testing import ticket_for
from tests.hub.peer import Peer
from tests.hub.site import (
    Site,
    SitePolicy,
    Told,
    change_password,
    log_out,
    make_person,
    sign_in,
    take_away,
    tell_many,
)
from tests.hub.sockets.steps import demote, rest, soon
from tests.rig.rounds import rounds
from tests.rig.wait import PATIENCE, async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WINDOW = 4


@pytest.fixture(autouse=True)
def small_window(settings):
    settings.HUB = {"WINDOW_EVENTS": WINDOW}


async def behind(site: Site, *args, **options):
    """A browser whose window is full, and that says nothing more."""
    browser = await site.connect(*args, answers=False, **options)
    await site.run(tell_many, "open.1", 3 * WINDOW)
    assert await browser.texts(WINDOW) == [str(n) for n in range(WINDOW)]
    return browser


async def test_a_lost_right_takes_effect_within_a_second(site: Site):
    for n, took in enumerate(rounds(1.0)):
        ana = await site.run(make_person, f"ana{n}")
        browser = await behind(site, ana, ["open.1"])
        begun = time.monotonic()
        await site.run(take_away, ana, "deactivated")
        assert await browser.ended() == (4510, "deactivated")
        took(time.monotonic() - begun)


@pytest.mark.parametrize(
    ("reason", "code"),
    [("logout", 4510), ("password", 4501), ("deactivated", 4510), ("deleted", 4510)],
)
async def test_a_client_that_does_not_acknowledge_is_closed_all_the_same(site: Site, reason, code):
    ana = await site.run(make_person)
    browser = await behind(site, ana, ["open.1"])

    def write():
        if reason == "password":
            change_password(ana)
        take_away(ana, reason)

    await site.run(write)
    with soon():
        assert await browser.ended() == (code, reason)


async def test_a_client_that_acknowledges_soon_still_gets_the_last_event(site: Site, monkeypatch):
    monkeypatch.setattr(driver, "REVOCATION_GRACE", 10 * PATIENCE)  # a machine may stall
    ana = await site.run(make_person)
    browser = await site.connect(ana, ["open.1"])

    def write():
        with transaction.atomic():
            for n in range(5 * WINDOW):
                publish(Told(text=str(n)), "open.1")
            publish(Told(text="deleted"), f"user.{ana.pk}")
            revoke(ana.pk, "deleted")

    await site.run(write)
    assert (await browser.texts(5 * WINDOW + 1))[-1] == "deleted"
    assert await browser.ended() == (4510, "deleted")


async def test_a_connection_that_is_behind_loses_topics_at_once_and_keeps_the_others(site: Site):
    ana = await site.run(make_person, is_staff=True)
    browser = await behind(site, ana, ["open.1", "staff"])
    await site.tell("staff", "not read in time")

    await site.run(demote, ana)
    with soon():
        assert (await browser.hear("topics"))["removed"] == ["staff"]
    await site.tell("staff", "secret")
    browser.answers = True
    await browser.say({"op": "pong", "position": WINDOW})
    assert await browser.texts(2 * WINDOW) == [str(n) for n in range(WINDOW, 3 * WINDOW)]
    # In its place the loss is met again: nothing is left to tell.
    await site.tell("open.1", "the end")
    async with asyncio.timeout(PATIENCE):
        while (heard := await browser.next())["op"] == "ping":
            pass
    assert heard["op"] == "event"
    assert all(one["op"] == "ping" for one in await rest(browser))


async def test_a_logout_leaves_connections_of_other_sessions_that_are_behind(site: Site):
    ana = await site.run(make_person)
    here, there = await site.run(sign_in, ana), await site.run(sign_in, ana)
    other = await behind(site, None, ["open.1"], cookie=there)
    mine = await behind(site, None, ["open.1"], cookie=here)

    await site.run(log_out, ana, here)
    with soon():
        assert await mine.ended() == (4510, "logout")
    other.answers = True  # the ping is still to be read
    await other.texts(5 * WINDOW)
    await other.silent_until(f"user.{ana.pk}")


async def test_a_client_that_does_not_read_is_sent_nothing_more_than_the_end(site: Site):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    peer = Peer(site, "open.1", cookie=key)
    await async_wait_until(lambda: peer.frames)
    peer.gate.clear()
    await site.run(tell_many, "open.1", 3)
    await site.run(take_away, ana, "deactivated")
    with soon():
        await async_wait_until(lambda: peer.is_sent_away)
    peer.gate.set()
    await async_wait_until(lambda: peer.closed == 4510)
    assert peer.texts() in ([], ["0"])  # the one that filled the socket is with the server
    await peer.leave()


@pytest.mark.parametrize("ring", [10_000, 1])
async def test_a_long_replay_does_not_delay_a_lost_right(site: Site, settings, ring):
    settings.HUB = {"WINDOW_EVENTS": WINDOW, "RING_EVENTS": ring}
    ana = await site.run(make_person)
    first = await site.connect(ana)
    await site.run(tell_many, "open.1", 500)
    await site.followed()
    browser = await site.connect(ana, ["open.1"], (first.welcome["epoch"], 0), answers=False)
    await browser.hear("event")
    await site.run(take_away, ana, "deactivated")
    told = 1
    with soon():
        while (frame := await browser.next())["op"] != "goodbye":
            told += frame["op"] == "event"
            if frame["op"] == "ping" and await browser.receive_nothing(0.05):
                await browser.say({"op": "pong", "position": frame["position"]})
    assert frame["code"] == 4510
    assert told < 500


class SlowPolicy(SitePolicy):
    """Takes until `gate` is open."""

    def __init__(self):
        self.asked, self.gate = threading.Event(), threading.Event()

    def refusals(self, user, topics):
        self.asked.set()
        self.gate.wait(PATIENCE)
        return super().refusals(user, topics)


async def test_a_right_lost_during_the_hello_does_not_wait_for_the_replay(site: Site):
    ana = await site.run(make_person)
    first = await site.connect(ana)
    await site.run(tell_many, "open.1", 3 * WINDOW)
    await site.followed()
    policy = SlowPolicy()
    browser = site.browser(ana, application=site.another(policy), answers=False)
    await browser.open()
    ticket = await site.run(ticket_for, ana)
    await browser.say(
        {
            "op": "hello",
            "ticket": ticket,
            "topics": ["open.1"],
            "resume": {"epoch": first.welcome["epoch"], "position": 0},
        }
    )
    await async_wait_until(policy.asked.is_set)
    await site.run(take_away, ana, "deactivated")
    assert await first.ended() == (4510, "deactivated")
    head = await site.followed()
    await asyncio.wait_for(browser.hub.runtime().follower.reached(head), PATIENCE)
    policy.gate.set()
    with soon():
        welcome = await browser.hear("welcome")
        assert welcome["position"] == 0
        assert welcome["head"] == head
        assert await browser.texts(WINDOW) == [str(n) for n in range(WINDOW)]
        assert await browser.ended() == (4510, "deactivated")


async def test_a_slow_reply_contains_nothing_of_a_topic_that_was_lost_meanwhile(
    site: Site, settings, monkeypatch
):
    settings.HUB = {"RING_EVENTS": 1}
    ana = await site.run(make_person, is_staff=True)
    browser = await site.connect(ana, ["open.1"])
    await site.tell("staff", "secret")
    await site.tell("open.2", "not secret", "another")
    await site.followed()
    reading, gate, due_since = threading.Event(), threading.Event(), log.due_since

    def read_late(*args):
        reading.set()
        gate.wait(PATIENCE)
        return due_since(*args)

    monkeypatch.setattr(log, "due_since", read_late)
    asked = {"op": "subscribe", "topics": ["staff", "open.2"], "since": 0}
    await browser.say(asked)
    await async_wait_until(reading.is_set)

    await site.run(demote, ana)
    assert (await browser.hear("topics"))["removed"] == ["staff"]
    gate.set()
    reply = await browser.hear("reply")
    assert reply["topics"] == ["open.2"]
    assert reply["refused"] == [{"topic": "staff", "code": "forbidden"}]
    assert [event["data"]["text"] for event in reply["events"]] == ["not secret", "another"]
