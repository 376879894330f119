"""Fixtures of the hub's tests."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.hub.pigeon import Pigeon
from tests.hub.site import Site, make_person


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


@pytest.fixture
def ana() -> Any:
    """Somebody, stored."""
    return make_person("ana")


@pytest.fixture
def pigeon(settings: Any) -> type[Pigeon]:
    """The only means of delivery there is."""
    settings.HUB_MEANS = [f"{Pigeon.__module__}.Pigeon"]
    Pigeon.answers, Pigeon.unreachable, Pigeon.flown = [], None, []
    return Pigeon
