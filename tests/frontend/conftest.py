"""Fixtures for the tests of the pages. Product pages count views, as in the shop's tests."""

from typing import Any

import pytest

from orders.models import Product, User
from tests.numbering import drain
from tests.orders.conftest import no_counts_left
from tests.orders.shop import product, user

__all__ = ["no_counts_left"]


@pytest.fixture
def ana() -> User:
    return user()


@pytest.fixture
def teapot() -> Product:
    return product()


@pytest.fixture
def logged_in(client: Any, ana: User) -> Any:
    """A client that is logged in as Ana."""
    client.force_login(ana)
    return client


@pytest.fixture
def ana_client(client: Any, ana: User) -> Any:
    """The same, after her welcome has its position."""
    drain()
    client.force_login(ana)
    return client
