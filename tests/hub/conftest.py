"""Fixtures of the hub's tests."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.hub.fake_means import FakeMeans
from tests.hub.site import Site, make_person


@pytest.fixture(autouse=True)
def own_layer(settings: Any) -> Iterator[None]:
    """A channel layer in memory belongs to one event loop: each test has its own."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    yield


@pytest.fixture(autouse=True)
def own_policy(settings: Any) -> None:
    """That of the tests' site, which knows nothing of the shop's; its layer carries the hints."""
    settings.HUB = {**settings.HUB, "POLICY": "tests.hub.site.SitePolicy", "HINTS": "layer"}


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
def fake_means(settings: Any) -> type[FakeMeans]:
    """The only means of delivery there is."""
    settings.HUB_MEANS = [f"{FakeMeans.__module__}.FakeMeans"]
    FakeMeans.answers, FakeMeans.unreachable, FakeMeans.sent = [], None, []
    return FakeMeans
