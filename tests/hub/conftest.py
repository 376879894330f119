"""Fixtures of the hub's tests."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.hub.site import Site


@pytest.fixture(autouse=True)
def own_layer(settings: Any) -> Iterator[None]:
    """A channel layer in memory belongs to one event loop: each test has its own."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    yield


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.close()
