"""Fixtures of the site's tests.

Product pages count views; what the shop's tests do about that goes for these, too.
"""

from typing import Any

import pytest

from orders.models import Product, User
from tests.orders.conftest import no_counts_left
from tests.orders.shop import person, product

__all__ = ["no_counts_left"]


@pytest.fixture
def ana() -> User:
    return person()


@pytest.fixture
def teapot() -> Product:
    return product()


@pytest.fixture
def logged_in(client: Any, ana: User) -> Any:
    """A browser of Ana's."""
    client.force_login(ana)
    return client
