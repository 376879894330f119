"""Fixtures of the shop's tests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from hub.policy import Policy
from hub.runtime.application import HubApplication
from hub.sockets.consumer import HubConsumer
from orders.receivers import view_counts
from orders.topics import ShopPolicy
from tests.rig.communicator import PatientCommunicator

Listen = Callable[..., Awaitable[PatientCommunicator]]


@pytest.fixture(autouse=True)
def no_counts_left() -> Iterator[None]:
    """A thread writes view counts: no test leaves it any for the next test."""
    yield
    view_counts.forget()


@pytest.fixture
async def listen(settings: Any) -> AsyncIterator[Listen]:
    """`await listen(ana, topics=[…])`: a connected browser of ana's."""
    # A channel layer in memory belongs to one event loop: each test has its own.
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    opened = []

    async def connect(
        user: Any, topics: Collection[str] = (), policy: Policy | None = None
    ) -> PatientCommunicator:
        application = HubApplication(HubConsumer.as_asgi(), policy=policy or ShopPolicy())
        browser = PatientCommunicator(application, user=user)
        await browser.connect(topics=topics)
        opened.append(browser)
        return browser

    yield connect
    for browser in opened:
        await browser.leave()
    await sync_to_async(connections.close_all)()  # of the thread that the test's queries ran in
