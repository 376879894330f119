"""What the meter counts of real connections."""

import asyncio

import pytest

from hub.metrics.sockets import COMPLETE, MAX_CODES, OTHER_CODE, SocketMeter
from tests.hub.site import Site, tell_many
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


async def test_events_are_counted_when_sent_and_when_answered(site: Site) -> None:
    meter = site.runtime.meter.sockets
    one = await site.connect(topics=["open.a"])
    await site.connect(topics=["open.a"], answers=False)
    await site.run(tell_many, "open.a", 200)
    assert await one.texts(200) == [str(number) for number in range(200)]
    await site.followed()
    assert meter.events_sent == 400
    # The window's half is 128: its ping has been answered, by one of the two.
    assert 128 <= meter.events_acknowledged <= 200
    assert meter.welcomes == {COMPLETE: 2}


async def test_a_stream_that_begins_anew_is_counted_with_its_reason(site: Site) -> None:
    await site.connect(topics=["open.a"], resume=("another", 5))
    assert site.runtime.meter.sockets.welcomes == {"epoch": 1}


async def test_a_close_is_counted_once_whoever_closes(site: Site) -> None:
    meter = site.runtime.meter.sockets
    browser = site.browser()
    await browser.open()
    await browser.send_to(text_data="no frame")
    assert await browser.ended() == (4500, "protocol")
    await browser.disconnect()
    site.forget(browser)
    assert meter.closes == {4500: 1}
    other = await site.connect()
    await other.disconnect(1001)
    site.forget(other)
    assert meter.closes == {4500: 1, 1001: 1}


@pytest.mark.parametrize("runs", [False, True])
async def test_the_events_of_a_run_are_counted_one_by_one(site: Site, runs: bool) -> None:
    meter = site.runtime.meter.sockets
    one = await site.connect(topics=["open.a"], runs=runs)
    await site.run(tell_many, "open.a", 128)
    await one.texts(128)
    await one.hear("ping")
    async with asyncio.timeout(PATIENCE):
        while meter.events_acknowledged < 128:
            await asyncio.sleep(0.01)
    assert (meter.events_sent, meter.events_acknowledged) == (128, 128)


def test_clients_cannot_make_up_codes_without_end() -> None:
    meter = SocketMeter()
    for code in [*range(4000, 4000 + MAX_CODES + 5), None, 70_000]:
        meter.closed(code)
    assert len(meter.closes) == MAX_CODES + 1
    assert meter.closes[OTHER_CODE] == 7
