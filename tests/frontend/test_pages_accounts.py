"""The forms of accounts: sign up, log in, log out, change, delete."""

import pytest

from orders.models import Order, User
from tests.orders.shop import data, published, text, user

pytestmark = pytest.mark.django_db(transaction=True)

SIGN_UP = {
    "username": "zoe",
    "email": "zoe@example.com",
    "password1": "a quiet teapot",
    "password2": "a quiet teapot",
}


def test_signing_up_logs_in_and_welcomes(client):
    answer = client.post("/accounts/signup/", SIGN_UP)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    zoe = User.objects.get(username="zoe")
    assert f'data-hub-person="{zoe.pk}"' in client.get("/").content.decode()
    assert (f"user.{zoe.pk}", "account.welcome") in published()


def test_signing_up_redirects_to_next_on_this_site_only(client, teapot):
    there = client.post("/accounts/signup/", {**SIGN_UP, "next": "/products/teapot/"})
    assert there["Location"] == "/products/teapot/"
    client.logout()
    elsewhere = {"username": "yan", "email": "yan@example.com", "next": "//evil.example/"}
    assert client.post("/accounts/signup/", {**SIGN_UP, **elsewhere})["Location"] == "/"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"username": "ANA"}, "This name is taken."),
        ({"email": "Ana@Example.com"}, "Another account uses this e-mail address."),
        ({"email": "nowhere"}, "Enter a valid email address."),
        ({"email": ""}, "Enter your email address."),
        ({"password2": "a loud teapot"}, "two password fields didn"),
        ({"password1": "demo", "password2": "demo"}, "too short"),
        ({"password1": "demo"}, "too short"),
    ],
)
def test_a_refused_sign_up_says_why(client, ana, wrong, message):
    answer = client.post("/accounts/signup/", {**SIGN_UP, **wrong})
    assert answer.status_code == 422
    assert text(answer).count(message) == 1
    assert User.objects.count() == 1


def test_a_wrong_password_is_a_422_that_does_not_tell_whether_the_user_exists(client, ana):
    answers = [
        client.post("/accounts/login/", {"username": name, "password": "wrong"})
        for name in ("ana", "nobody")
    ]
    assert [one.status_code for one in answers] == [422, 422]
    assert all("Wrong username or password" in text(one) for one in answers)


def test_logging_out_needs_a_post(logged_in):
    assert logged_in.get("/accounts/logout/").status_code == 405
    assert "You are logged out" in text(logged_in.post("/accounts/logout/", follow=True))
    assert logged_in.get("/account/").status_code == 302


def test_the_account_form_saves_name_address_and_bio(logged_in, ana):
    fields = {"first_name": "Ana", "last_name": "Lima", "email": "a@example.com", "bio": "Tea."}
    answer = logged_in.post("/account/", fields | {"password": "demo"}, follow=True)
    assert "Your account was saved." in text(answer)
    ana.refresh_from_db()
    assert (ana.first_name, ana.email, ana.profile.bio) == ("Ana", "a@example.com", "Tea.")
    assert data("account.updated") == [{"user": ana.pk, "name": "Ana Lima"}]


def test_an_email_address_of_another_user_is_refused(logged_in, ana):
    user("ben")
    answer = logged_in.post("/account/", {"email": "BEN@example.com", "bio": "Tea."})
    assert answer.status_code == 422
    assert "Another account uses this e-mail address." in text(answer)
    ana.refresh_from_db()
    assert (ana.email, ana.profile.bio) == ("ana@example.com", "This is my bio.")


def test_a_wrong_password_deletes_nothing(logged_in):
    answer = logged_in.post("/account/delete", {"password": "wrong"})
    assert answer.status_code == 422
    assert "Nothing was deleted." in text(answer)
    assert User.objects.count() == 1


def test_deleting_the_account_logs_out_and_keeps_the_orders(logged_in, ana, teapot):
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    answer = logged_in.post("/account/delete", {"password": "demo"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    page = logged_in.get("/")
    assert "Your account was deleted." in text(page)
    assert 'data-hub-person=""' in page.content.decode()
    assert not User.objects.exists()
    order.refresh_from_db()
    assert order.buyer_name == "ana"
    assert [one["reason"] for one in data("rights.revoked")] == ["deleted"]


@pytest.mark.parametrize("path", ["/orders/", "/account/"])
def test_personal_pages_need_a_log_in(client, path):
    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"
