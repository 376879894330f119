"""Posts to pages have the API's limit per user."""

from itertools import cycle

import pytest
from django.test import Client

from tests.orders.shop import user

pytestmark = pytest.mark.django_db(transaction=True)

POSTS = ["/products/teapot/watch", "/inbox/mute", "/inbox/seen", "/account/", "/inbox/1/read"]


@pytest.fixture
def narrow(settings):
    """Three posts at once, one per second after that."""
    settings.HUB = {"RATE": 1, "BURST": 3}


def first_refusal(responses):
    # One per second is allowed: on a slow machine the fourth may still be served.
    return next(response for response in responses if response.status_code == 429)


def test_too_many_posts_get_a_page_with_retry_after(logged_in, teapot, narrow):
    response = first_refusal(logged_in.post(path) for path in cycle(POSTS))
    assert response["Retry-After"] == "1"
    assert "Too many requests" in response.content.decode()


def test_other_users_visitors_and_gets_are_not_limited_by_it(logged_in, teapot, narrow):
    first_refusal(logged_in.post(path) for path in cycle(POSTS))
    assert logged_in.get("/").status_code == 200
    ben = Client()
    ben.force_login(user("ben"))
    assert ben.post("/products/teapot/watch", {"on": "1"}).status_code == 302
    assert all(Client().post("/products/teapot/watch").status_code == 302 for _ in range(9))


def test_pages_and_the_api_share_the_limit(logged_in, narrow):
    first_refusal(logged_in.post("/inbox/seen") for _ in range(30))
    first_refusal(logged_in.get("/api/preferences") for _ in range(2))
