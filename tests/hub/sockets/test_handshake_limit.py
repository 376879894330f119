"""A crowd at the door: bounded, and in nobody's way."""

import contextlib
import threading

import pytest

from hub.runtime.runtime import READER_THREADS
from hub.sockets import handshake_limit, recheck
from tests.hub.site import (
    Site,
    SitePolicy,
    change_password,
    make_person,
    take_away,
)
from tests.hub.sockets.steps import demote, soon, vanish
from tests.rig.wait import PATIENCE, async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class CrowdPolicy(SitePolicy):
    """Whoever asks for `open.crowd` is answered when `gate` is open."""

    def __init__(self):
        self.gate = threading.Event()
        self.asked = 0

    def refusals(self, user, topics):
        if "open.crowd" in topics:
            self.asked += 1
            self.gate.wait(PATIENCE)
        return super().refusals(user, topics)


@pytest.fixture
def policy():
    return CrowdPolicy()


@pytest.fixture
async def site(policy):
    made = Site(policy)
    yield made
    policy.gate.set()
    await made.close()


async def knock(site):
    """A browser that said hello, and waits."""
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello", "topics": ["open.crowd"]})
    return browser


@contextlib.asynccontextmanager
async def crowd(site, policy):
    """More hellos than there are threads for them; in the end all are welcomed."""
    waiting = [await knock(site) for _ in range(2 * READER_THREADS)]
    await async_wait_until(lambda: policy.asked == READER_THREADS)
    yield
    assert policy.asked == READER_THREADS, "the crowd was over before the test was"
    policy.gate.set()
    for browser in waiting:
        await browser.hear("welcome")


async def test_a_lost_right_does_not_wait_for_handshakes(site: Site, policy):
    ana = await site.run(make_person, is_staff=True)
    browser = await site.connect(ana, ["staff"])

    async with crowd(site, policy):
        with soon():
            await site.run(demote, ana)
            assert (await browser.hear("topics"))["removed"] == ["staff"]


async def test_a_changed_password_does_not_wait_for_handshakes(site: Site, policy):
    ana = await site.run(make_person)
    browser = await site.connect(ana)

    def change():
        change_password(ana)
        take_away(ana, "password")

    async with crowd(site, policy):
        with soon():
            await site.run(change)
            assert await browser.ended() == (4501, "password")


async def test_the_recheck_does_not_wait_for_handshakes(site: Site, policy, monkeypatch):
    monkeypatch.setattr(recheck, "RECHECK_INTERVAL", 0.1)
    ana = await site.run(make_person)
    browser = await site.connect(ana)
    async with crowd(site, policy):
        await site.run(vanish, ana)
        assert await browser.ended() == (4510, "deleted")


async def test_one_handshake_too_many_is_told_to_come_back_soon(
    site: Site, policy, monkeypatch, caplog
):
    monkeypatch.setattr(handshake_limit, "MAX_HANDSHAKES", 2)
    waiting = [await knock(site) for _ in range(2)]
    await async_wait_until(lambda: policy.asked == 2)
    for _ in range(3):
        goodbye = await (await knock(site)).hear("goodbye")
        assert (goodbye["code"], goodbye["reason"]) == (4013, "limits")
        assert 1_000 <= goodbye["retry_ms"] <= 5_000
    told = [one for one in caplog.records if "further clients are told to come back" in one.message]
    assert len(told) == 1, "a line a crowd, not a socket"
    policy.gate.set()
    for browser in waiting:
        await browser.hear("welcome")
    await (await knock(site)).hear("welcome")


async def test_a_client_that_leaves_during_its_handshake_makes_room(
    site: Site, policy, monkeypatch
):
    monkeypatch.setattr(handshake_limit, "MAX_HANDSHAKES", 1)
    gone = await knock(site)
    await async_wait_until(lambda: policy.asked)
    await gone.disconnect()
    site.forget(gone)
    after = await knock(site)
    policy.gate.set()
    await after.hear("welcome")
