"""Somebody who can write to Redis and does not know the site's secret."""

import asyncio

import pytest
from channels.layers import get_channel_layer

from hub import log
from hub.broadcast import follower as follower_module
from hub.broadcast import listener
from hub.broadcast.layer import GROUP, Batch, Ephemeral, Ephemerals
from hub.broadcast.signing import Signer
from tests.hub.following import number_silently, row, send
from tests.hub.site import Site, Told

pytestmark = pytest.mark.django_db(transaction=True)


async def forge(message):
    sent = Signer().sign(message)
    sent["signature"] = "0" * len(sent["signature"])
    await get_channel_layer().group_send(GROUP, sent)


def ephemerals(epoch, text):
    return Ephemerals("there", epoch, [Ephemeral("open.1", Told.type, "", row(1, text=text).tail)])


async def test_a_forged_batch_is_not_believed_but_has_the_log_read(site: Site, monkeypatch):
    for name in ("POLL", "HOLE_WAIT"):
        monkeypatch.setattr(follower_module, name, 3_600.0)
    browser = await site.connect(topics=["open.1"])
    await asyncio.to_thread(number_silently, "true")
    await forge(Batch("there", browser.welcome["epoch"], 1, 1, [row(1, text="false")]))
    assert await browser.texts(1) == ["true"]


async def test_forged_batches_have_the_log_read_a_bounded_number_of_times(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    await site.followed()
    reads = []
    monkeypatch.setattr(site.runtime.follower, "read_soon", lambda: reads.append(1))
    epoch = browser.welcome["epoch"]
    for n in range(1, 101):
        await forge(Batch("there", epoch, n, n, [row(n)]))
        await forge(Batch("there", "foreign", n, n, [row(n)]))
    await send(ephemerals(epoch, "behind all of them"))
    await browser.hear("event")
    assert listener.HINTED_READS <= len(reads) <= 3 * listener.HINTED_READS


async def test_a_forged_position_far_ahead_declares_no_new_epoch(site: Site):
    browser = await site.connect(topics=["open.1"])
    epoch = browser.welcome["epoch"]
    for first, last in ((1, 3), (10**12, 10**12)):
        await forge(Batch("there", epoch, first, last, [row(first, text="false")]))
    for text in ("true", "still"):
        await site.tell("open.1", text)
        assert await browser.texts(1) == [text]
        site.runtime.follower.read_soon()
    assert (await site.run(log.state)).epoch == epoch


async def test_a_forged_ephemeral_event_reaches_nobody(site: Site):
    browser = await site.connect(topics=["open.1"])
    await forge(ephemerals(browser.welcome["epoch"], "false"))
    await browser.silent_until("open.1")


async def test_a_copy_of_an_ephemeral_event_is_not_shown_again(site: Site):
    browser = await site.connect(topics=["open.1"])
    message = Signer().sign(ephemerals(browser.welcome["epoch"], "once"))
    for _ in range(3):
        await get_channel_layer().group_send(GROUP, message)
    assert await browser.texts(1) == ["once"]
    await browser.silent_until("open.1")
