"""Fixtures of the tests of sockets."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.hub.site import Site


@pytest.fixture(params=[False, True], ids=["singles", "runs"])
async def site(request: Any) -> AsyncIterator[Site]:
    """Whatever is promised holds for clients that take runs and for those that do not."""
    made = Site(runs=request.param)
    yield made
    await made.close()
