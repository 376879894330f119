"""The test helpers for projects, used as their documentation says."""

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from hub.testing import HubCommunicator
from tests.hub.site import make_application, make_person, tell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def own_connections():
    yield
    await sync_to_async(connections.close_all)()


async def test_expect_returns_the_next_event_of_a_type():
    ana = await sync_to_async(make_person)()
    async with HubCommunicator(make_application(), user=ana) as browser:
        assert browser.welcome["user"]["name"] == "ana"
        await sync_to_async(tell)(f"user.{ana.pk}", "told")
        assert (await browser.expect("test.told"))["data"]["text"] == "told"


async def test_expect_fails_if_the_event_does_not_arrive():
    ana = await sync_to_async(make_person)()
    async with HubCommunicator(make_application(), user=ana) as browser:
        with pytest.raises(TimeoutError):
            await browser.expect("test.never", timeout=0.1)


async def test_silent_until_passes_in_silence_and_fails_on_an_event():
    ana = await sync_to_async(make_person)()
    topic = f"user.{ana.pk}"
    async with HubCommunicator(make_application(), user=ana) as browser:
        await browser.silent_until(topic)
        await sync_to_async(tell)(topic, "told")
        with pytest.raises(AssertionError, match="expected silence"):
            await browser.silent_until(topic)


async def test_a_close_fails_expect_and_closed_returns_its_code():
    async with HubCommunicator(make_application()) as browser:
        await browser.say({"op": "hello"})
        with pytest.raises(AssertionError, match="closed with 4500"):
            await browser.expect("test.told")
    async with HubCommunicator(make_application()) as browser:
        await browser.say({"op": "hello"})
        assert await browser.closed() == 4500
