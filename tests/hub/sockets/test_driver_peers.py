"""Peers that stop reading, that leave, that are sent away."""

import asyncio
import contextvars

import pytest
from django.db import transaction

from hub import publish_many
from hub.runtime import HubApplication
from hub.sockets import sender
from hub.sockets.close_codes import RESTART
from hub.sockets.connection import Connection
from hub.sockets.consumer import HubConsumer
from tests.hub.peer import Peer
from tests.hub.site import Site, SitePolicy, Told, make_person, sign_in, tell_many
from tests.rig.wait import async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_peer_that_stops_reading_holds_up_nobody_and_catches_up(site: Site):
    stopped, reading = Peer(site, "open.1"), await site.connect(topics=["open.1"])
    await async_wait_until(lambda: stopped.frames)
    stopped.gate.clear()
    await site.run(tell_many, "open.1", 50)
    assert await reading.texts(50) == [str(n) for n in range(50)]
    assert stopped.texts() == []
    stopped.gate.set()
    await async_wait_until(lambda: len(stopped.texts()) == 50)
    assert stopped.texts() == [str(n) for n in range(50)]
    await site.tell("open.1", "live again")
    await async_wait_until(lambda: stopped.texts()[-1] == "live again")
    await stopped.leave()


async def test_a_peer_that_does_not_read_for_too_long_is_closed(site: Site, settings):
    settings.HUB = {"PONG": 0.2}
    stopped = Peer(site, "open.1")
    await async_wait_until(lambda: stopped.frames)
    stopped.gate.clear()
    await site.tell("open.1", "never read")
    await async_wait_until(lambda: site.runtime.fanout.topics == {"metrics"})
    stopped.gate.set()
    await async_wait_until(lambda: stopped.closed == 4008)
    await stopped.leave()


async def test_a_frozen_peer_makes_room_for_its_user(site: Site, settings, monkeypatch):
    settings.HUB = {"PONG": 0.2, "CONNECTIONS": 1}
    monkeypatch.setattr(sender, "CLOSE_TIMEOUT", 0.2)
    ana = await site.run(make_person)
    frozen = Peer(site, cookie=await site.run(sign_in, ana))
    await async_wait_until(lambda: frozen.frames)
    frozen.gate.clear()
    await site.tell(f"user.{ana.pk}", "never read")
    await async_wait_until(lambda: len(site.runtime.connections) == 0)
    assert (await site.connect(ana)).welcome["user"]["name"] == "ana"
    frozen.gate.set()
    await frozen.leave()


async def test_a_peer_that_left_does_not_keep_events_from_the_others(site: Site):
    gone = Peer(site, "open.1")
    await async_wait_until(lambda: gone.frames)
    browsers = [await site.connect(topics=["open.1"]) for _ in range(3)]
    gone.is_gone = True
    await site.tell("open.1", "a", "b")
    for browser in browsers:
        assert await browser.texts(2) == ["a", "b"]
    await gone.leave()
    assert len(site.runtime.connections) == 3


async def test_a_goodbye_comes_before_the_close(site: Site):
    browser = await site.connect()
    await site.runtime.connections.end_all(RESTART)
    assert await browser.ended() == (4012, "restart")


async def test_a_connection_that_left_leaves_nothing_behind(site: Site):
    browsers = [await site.connect(topics=["open.1"]) for _ in range(5)]
    await site.tell("open.1", "told")
    for browser in browsers:
        await browser.texts(1)
        await browser.disconnect()
    assert len(site.runtime.connections) == 0
    assert site.runtime.fanout.topics == {"metrics"}


async def test_many_events_to_many_sockets_arrive_complete(site: Site):
    browsers = [await site.connect(topics=["open.1"]) for _ in range(20)]

    def write():
        for start in range(0, 400, 40):
            with transaction.atomic():
                publish_many((Told(text=str(n)), "open.1") for n in range(start, start + 40))

    await site.run(write)
    for browser in browsers:
        assert await browser.texts(400) == [str(n) for n in range(400)]


class ImpatientServer(HubConsumer):
    """As behind a middleware that gives each send a moment, and marks it as it runs."""

    async def __call__(self, scope, receive, send):
        async def impatient_send(event):
            token = mark.set(event["type"])
            async with asyncio.timeout(0.05):
                await send(event)
            mark.reset(token)

        await super().__call__(scope, receive, impatient_send)


mark = contextvars.ContextVar("mark")


async def test_a_middleware_with_a_timeout_around_send_ends_the_slow_peer_only(
    site: Site, monkeypatch
):
    monkeypatch.setattr(sender, "DISCONNECT_GRACE", 0.05)
    site.application = HubApplication(ImpatientServer.as_asgi(), policy=SitePolicy())
    stopped, reading = Peer(site, "open.1"), await site.connect(topics=["open.1"])
    await async_wait_until(lambda: stopped.frames)
    stopped.gate.clear()
    for n in range(20):
        await site.tell("open.1", str(n))
        assert await reading.texts(1) == [str(n)]
    await async_wait_until(lambda: len(site.runtime.connections) == 1)
    await site.tell("open.1", "the follower goes on")
    assert await reading.texts(1) == ["the follower goes on"]
    stopped.gate.set()
    await stopped.leave()
    await site.application.stop()


async def test_a_connection_that_raises_is_closed_and_the_others_go_on(
    site: Site, monkeypatch, caplog
):
    browsers = [await site.connect(topics=["open.1"]) for _ in range(3)]
    raising, deliver = [], Connection.deliver

    def deliver_or_raise(connection, *args, **kwargs):
        raising.append(connection)
        if connection is raising[1 % len(raising)] and len(raising) > 1:
            raise LookupError("a bug")
        return deliver(connection, *args, **kwargs)

    monkeypatch.setattr(Connection, "deliver", deliver_or_raise)
    await site.tell("open.1", "told")
    for browser in (browsers[0], browsers[2]):
        assert await browser.texts(1) == ["told"]
    assert await browsers[1].ended() == (4013, "limits")
    assert "a bug" in caplog.text
