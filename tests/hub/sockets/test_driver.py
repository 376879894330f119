"""The stream of one connection: live, behind, within its window."""

import json

import pytest

from hub import publish_ephemeral
from tests.hub.site import Site, Told, tell_many
from tests.hub.sockets.steps import rest
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


async def frames_until(browser, is_last):
    """What comes up to a frame; after it the server says nothing for a moment."""
    frames = [await browser.next()]
    while not is_last(frames[-1]):
        frames.append(await browser.next())
    assert await browser.receive_nothing(0.15)
    return frames


def ping_of(position):
    return lambda frame: frame == {"op": "ping", "position": position}


async def test_positions_rise_and_nothing_comes_twice(site: Site):
    browser = await site.connect(topics=["open.1", "open.2"])
    for n in range(30):
        await site.tell(f"open.{n % 3}", str(n))
    wanted = [str(n) for n in range(30) if n % 3]
    events = [await browser.hear("event") for _ in wanted]
    assert [event["data"]["text"] for event in events] == wanted
    positions = [event["id"] for event in events]
    assert positions == sorted(set(positions))


# The window


async def test_a_client_that_only_reads_gets_a_window_and_then_a_pause(site: Site):
    browser = await site.connect(topics=["open.1"], answers=False)
    await site.run(tell_many, "open.1", 300)
    frames = await frames_until(browser, ping_of(256))
    assert [one["op"] for one in frames].count("event") == 256
    pings = [(n, one["position"]) for n, one in enumerate(frames) if one["op"] == "ping"]
    assert pings[0] == (128, 128), "asked at half the window"
    await browser.say({"op": "pong", "position": 256})
    assert await browser.texts(44) == [str(n) for n in range(256, 300)]


async def test_a_client_whose_window_is_full_too_long_is_closed_and_resumes(site: Site, settings):
    settings.HUB = {"WINDOW_EVENTS": 4, "PONG": 0.2}
    browser = await site.connect(topics=["open.1"], answers=False)
    await site.run(tell_many, "open.1", 10)
    assert await browser.texts(4) == ["0", "1", "2", "3"]
    assert await browser.ended() == (4008, "slow")
    settings.HUB = {"WINDOW_EVENTS": 4}  # this time there is time to answer
    cursor = (browser.welcome["epoch"], 4)
    back = await site.connect(None, ["open.1"], cursor, application=site.another())
    assert await back.texts(6) == [str(n) for n in range(4, 10)]


async def test_a_ping_says_how_far_everything_is_decided(site: Site, settings):
    settings.HUB = {"PING": 0.1}
    browser = await site.connect(topics=["open.1"])
    await site.tell("open.2", "for others")
    head = await site.followed()
    while (await browser.hear("ping"))["position"] < head:
        pass


async def test_a_client_that_keeps_requesting_without_acknowledging_is_closed(site: Site, settings):
    settings.HUB = {"WINDOW_BYTES": 20_000, "BURST": 1_000, "BYTES_RATE": 10_000_000}
    browser = await site.connect(answers=False)
    for _ in range(50):
        await browser.say({"op": "subscribe", "topics": [f"gone.{n}" for n in range(1_000)]})
    unanswered = 0
    while (sent := await browser.receive_output(PATIENCE))["type"] == "websocket.send":
        frame = json.loads(sent["text"])
        unanswered += len(sent["text"].encode()) if frame["op"] == "reply" else 0
    assert (frame["op"], sent["code"]) == ("goodbye", 4008)
    assert 10_000 < unanswered <= 20_000


async def test_over_the_process_budget_the_slowest_client_is_closed_first(site: Site, settings):
    settings.HUB = {"PROCESS_BYTES": 5_000}
    slow = await site.connect(topics=["open.1"], answers=False)
    small = await site.connect(topics=["open.2"], answers=False)
    await site.tell("open.2", "x" * 500)
    await small.hear("event")
    await site.tell("open.1", "x" * 6_000)
    await slow.hear("event")
    assert await slow.ended() == (4008, "slow")
    await site.tell("open.2", "still here")
    assert await small.texts(1) == ["still here"]


async def test_ephemerals_count_and_are_dropped_for_a_connection_that_is_behind(
    site: Site, settings
):
    settings.HUB = {"WINDOW_BYTES": 4_000}
    browser = await site.connect(topics=["open.1"], answers=False)
    reader = await site.connect(topics=["open.1"])
    for n in range(12):
        await site.run(publish_ephemeral, Told(text=f"{n:0500}", same=str(n)), "open.1")
        assert await reader.texts(1) == [f"{n:0500}"]
    await site.tell("open.1", "logged")
    assert await reader.texts(1) == ["logged"]
    frames = await rest(browser)
    assert 2 <= [one["op"] for one in frames].count("event") <= 4
    await browser.say({"op": "pong", "position": frames[-1]["position"]})
    assert await browser.texts(1) == ["logged"]
