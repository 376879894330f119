"""Several events in one frame, for clients that asked for it."""

import json

import pytest

from hub import publish_ephemeral
from hub.broadcast.run import MAX_BYTES, MAX_EVENTS, Run
from hub.sockets.connection import CATCH_UP, PING, SEND, SKIP
from hub.sockets.subscriptions import Interval
from tests.hub.site import Site, Told, tell_many
from tests.hub.sockets.machine import connection, entry
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

LOG = [entry(2), entry(3, "user.7"), entry(5)]
USER = {"user.7": [Interval(0)]}


@pytest.mark.parametrize(
    ("state", "todo", "cursor", "events"),
    [
        ({}, SEND, 5, 3),
        ({"live": False}, SKIP, 0, 0),
        ({"cursor": 5}, SKIP, 5, 0),
        ({"cursor": 3}, CATCH_UP, 3, 0),
        ({"requested": {"a": 3}}, CATCH_UP, 1, 0),
        ({"requested": {"a": 9}, "user": {}}, SKIP, 0, 0),
        ({"user": {"user.7": [Interval(0, 2)]}}, CATCH_UP, 1, 0),
        ({"max_events": 2}, CATCH_UP, 1, 0),
        ({"max_bytes": 100}, CATCH_UP, 1, 0),
        ({"max_events": 3}, SEND | PING | CATCH_UP, 5, 3),
        ({"max_events": 6}, SEND | PING, 5, 3),
    ],
)
def test_all_of_a_run_is_sent_or_nothing_and_the_connection_catches_up(state, todo, cursor, events):
    one = connection(**{"live": True, "user": dict(USER), "max_events": 100, **state})
    assert one.deliver(Run(LOG), is_blocked=False) == todo
    assert (one.cursor, one.window.events) == (cursor, events)
    assert one.live is (state.get("live", True) and not todo & CATCH_UP)


def test_a_blocked_socket_is_sent_no_run():
    one = connection(live=True, user=dict(USER))
    assert one.deliver(Run(LOG), is_blocked=True) == CATCH_UP
    assert (one.live, one.cursor) == (False, 1)


def test_a_run_is_acknowledged_as_a_whole():
    one = connection(live=True, user=dict(USER), max_events=100)
    one.deliver(Run(LOG), is_blocked=False)
    one.ping(5, now=0.0)
    one.pong(4, now=0.0)
    assert one.window.events == 3, "a client may have handled a part of it only"
    one.pong(5, now=0.0)
    assert (one.window.events, one.window.bytes) == (0, 0)


# Through the socket


async def frames(browser, count):
    """The frames that bring so many events, as they were sent."""
    found = []
    while count > 0:
        sent = json.loads((await browser.receive_output(PATIENCE))["text"])
        if sent["op"] == "ping":
            await browser.answer(sent)
        elif sent["op"] in ("event", "events"):
            found.append(sent)
            count -= len(sent.get("events", [sent]))
    return found


def sizes(found):
    return [len(one.get("events", [one])) for one in found]


def texts(found):
    return [event["data"]["text"] for one in found for event in one.get("events", [one])]


async def test_what_was_committed_together_comes_in_one_frame(site: Site):
    runs = await site.connect(topics=["open.1", "open.2"], runs=True)
    singles = await site.connect(topics=["open.1", "open.2"], runs=False)
    await site.run(tell_many, "open.1", 10)
    found = await frames(runs, 10)
    assert sizes(found) == [10]
    ids = [event["id"] for event in found[0]["events"]]
    assert ids == sorted(set(ids))
    assert all("op" not in event for event in found[0]["events"])
    assert texts(found) == [str(n) for n in range(10)]
    one_by_one = await frames(singles, 10)
    assert sizes(one_by_one) == [1] * 10
    assert [one.pop("op") for one in one_by_one] == ["event"] * 10
    assert one_by_one == found[0]["events"]


async def test_a_frame_has_a_bound_in_events_and_in_bytes(site: Site):
    runs = await site.connect(topics=["open.1"], runs=True)
    await site.run(tell_many, "open.1", 100)
    assert sizes(await frames(runs, 100)) == [MAX_EVENTS, 100 - MAX_EVENTS]
    await site.run(tell_many, "open.1", 9, 7_500)
    found = await frames(runs, 9)
    assert sizes(found) == [4, 4, 1]
    assert all(len(json.dumps(one, separators=(",", ":"))) <= MAX_BYTES for one in found)


@pytest.mark.parametrize("ring", [1, 1_000], ids=["log", "ring"])
async def test_what_was_missed_comes_in_runs_too(site: Site, settings, ring):
    settings.HUB = {**settings.HUB, "RING_EVENTS": ring}
    gone = await site.connect(topics=["open.1"])
    start = await site.followed()
    await site.run(tell_many, "open.1", 100)
    await site.followed()
    cursor = (gone.welcome["epoch"], start)
    back = await site.connect(None, ["open.1"], cursor, runs=True)
    found = await frames(back, 100)
    assert texts(found) == [str(n) for n in range(100)]
    assert len(found) <= 4
    old = await site.connect(None, ["open.1"], cursor, runs=False)
    assert sizes(await frames(old, 100)) == [1] * 100


async def test_ephemeral_events_are_never_mixed_with_logged_ones(site: Site):
    runs = await site.connect(topics=["open.1", "open.2"], runs=True)
    for n in range(20):
        await site.run(publish_ephemeral, Told(text=f"shown {n}", same=str(n % 2)), "open.1")
        await site.tell("open.2", f"told {n}")
    found = []
    while "shown 19" not in texts(found) or "told 19" not in texts(found):
        found += await frames(runs, 1)
    for one in found:
        assert len({"id" in event for event in one.get("events", [one])}) == 1
    told = [text for text in texts(found) if text.startswith("told")]
    assert told == [f"told {n}" for n in range(20)]


async def test_of_ephemeral_events_that_come_often_only_the_newest_of_a_key_is_shown(site: Site):
    browser = await site.connect(topics=["open.1"])

    def publish():
        for n in range(400):
            publish_ephemeral(Told(text=str(n), same=str(n % 2)), "open.1")

    await site.run(publish)
    found = []
    while not {"398", "399"} <= set(texts(found)):
        found += await frames(browser, 1)
    assert len(texts(found)) < 100
    assert texts(found)[-2:] == ["398", "399"]


@pytest.mark.parametrize("runs", ["yes", 1, []])
async def test_runs_that_is_no_boolean_is_not_the_protocol(site: Site, runs):
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello", "runs": runs})
    assert (await browser.ended())[0] == 4500
