"""A NUL character in a request is refused like any other wrong value, on PostgreSQL as well."""

import pytest

from orders.models import User
from tests.orders.shop import text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


@pytest.mark.parametrize("path", ["/orders/%00/", "/media/a%00b", "/products/a%00/", "/%00/"])
def test_a_path_with_nul_is_not_found(logged_in, path):
    assert logged_in.get(path).status_code == 404


@pytest.mark.parametrize("query", ["?page=%00", "?state=%00&before=%00", "?undo=%00", "?next=%00"])
@pytest.mark.parametrize("path", ["/", "/orders/", "/inbox/", "/accounts/login/"])
def test_a_query_with_nul_shows_the_page(logged_in, path, query):
    assert logged_in.get(path + query).status_code in (200, 302)


@pytest.mark.parametrize("path", ["/", "/inbox/", "/api/notifications", "/metrics", "/dashboard/"])
def test_a_session_cookie_with_nul_is_an_unknown_session(client, path):
    cookie = r'sessionid="\000aaaaaaaaaa"'
    assert client.get(path, headers={"cookie": cookie}).status_code in (200, 302, 401, 404)


@pytest.mark.parametrize("on", ["1", "0"])
@pytest.mark.parametrize("form", [{"topic": "product.\0"}, {"type": "order.\0"}])
def test_muting_something_with_nul_is_refused(logged_in, form, on):
    response = logged_in.post("/inbox/mute", {**form, "on": on}, follow=True)
    assert "This cannot be muted." in text(response)


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/inbox/undo", {"undo": "read.\0"}, 404),
        ("/inbox/seen", {"upto": "\0"}, 404),
        ("/accounts/login/", {"username": "\0", "password": "\0"}, 422),
        ("/account/", {"email": "ana@example.com", "first_name": "\0"}, 422),
        ("/account/delete", {"password": "\0"}, 422),
    ],
)
def test_a_form_with_nul_is_refused(client, logged_in, path, form, status):
    if "login" in path:
        client.logout()
    assert logged_in.post(path, form).status_code == status


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/mutes", {"topic": "product.\0"}),
        ("/api/mutes", {"topic": "product.\0", "on": False}),
        ("/api/mutes", {"type": "\0"}),
        ("/api/mutes", {"type": "\0", "on": False}),
        ("/api/notifications/undo", {"undo": "read.1\0"}),
        ("/api/orders", {"product": "\0", "quantity": 1}),
    ],
)
def test_json_with_nul_is_refused(logged_in, path, body):
    response = logged_in.post(path, body, content_type="application/json")
    assert response.status_code == 422


def test_a_filter_with_nul_shows_the_log(logged_in):
    User.objects.update(is_staff=True, is_superuser=True)
    assert logged_in.get("/admin/hub/event/?type=%00").status_code == 200
