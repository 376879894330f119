"""Passwords and sessions by forms: what takes the password, and which sessions end."""

import pytest
from django.test import Client

from orders.models import PasswordAttempt, User
from tests.orders.shop import data, forget, text

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "a quiet teapot"
CHANGE = {"old_password": "demo", "new_password1": NEW, "new_password2": NEW}
PATH = "/accounts/password_change/"
ADDRESS = "9.9.9.9"  # one that has a limit of its own


@pytest.fixture
def phone(ana: User) -> Client:
    """Another browser of Ana's."""
    client = Client()
    client.force_login(ana)
    return client


def reasons() -> set[str]:
    return {one["reason"] for one in data("rights.revoked")}


def test_a_password_is_changed_and_ends_the_other_sessions(logged_in, phone, ana):
    assert "New password" in text(logged_in.get(PATH))
    forget()
    answer = logged_in.post(PATH, CHANGE, follow=True)
    assert "Your password was changed." in text(answer)
    assert logged_in.get("/account/").status_code == 200
    assert phone.get("/account/").status_code == 302
    assert Client().login(username="ana", password=NEW)
    assert "password" in reasons()
    assert data("account.updated")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"old_password": "wrong"}, "Wrong password. Nothing was changed."),
        ({"new_password2": "a loud teapot"}, "two password fields didn"),
        ({"new_password1": "demo", "new_password2": "demo"}, "too short"),
    ],
)
def test_a_refused_new_password_says_why(logged_in, wrong, message):
    answer = logged_in.post(PATH, {**CHANGE, **wrong})
    assert answer.status_code == 422
    assert message in text(answer)
    assert Client().login(username="ana", password="demo")


def test_a_visitor_has_no_password_to_change(client):
    assert client.get(PATH)["Location"].startswith("/accounts/login/")
    assert client.post(PATH, CHANGE).status_code == 302


def test_wrong_passwords_on_the_page_are_limited(logged_in):
    for _ in range(10):
        answer = logged_in.post(PATH, {**CHANGE, "old_password": "no"}, REMOTE_ADDR=ADDRESS)
        assert answer.status_code == 422
    assert logged_in.post(PATH, CHANGE, REMOTE_ADDR=ADDRESS).status_code == 429


def test_a_refused_new_password_is_no_wrong_guess(logged_in):
    logged_in.post(PATH, {**CHANGE, "new_password2": "other"}, REMOTE_ADDR=ADDRESS)
    assert not PasswordAttempt.objects.exists()


def test_logging_out_everywhere_ends_all_sessions_of_the_user(logged_in, phone, teapot):
    forget()
    answer = logged_in.post("/accounts/logout-everywhere/", follow=True)
    assert "You are logged out in all browsers." in text(answer)
    assert logged_in.get("/account/").status_code == phone.get("/account/").status_code == 302
    assert reasons() == {"logout"}
    digests = {one["session"] for one in data("rights.revoked")}
    assert len(digests) == 2 and None not in digests


def test_logging_out_everywhere_takes_a_post_of_a_user(logged_in, phone):
    assert logged_in.get("/accounts/logout-everywhere/").status_code == 405
    assert Client().post("/accounts/logout-everywhere/")["Location"].startswith("/accounts/login/")
    assert phone.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("password", "message"),
    [("", "Enter your password to change your email address."), ("wrong", "Wrong password.")],
)
def test_another_email_address_takes_the_password(logged_in, ana, password, message):
    fields = {"email": "thief@example.com", "bio": "Tea.", "password": password}
    answer = logged_in.post("/account/", fields)
    assert answer.status_code == 422
    assert message in text(answer)
    ana.refresh_from_db()
    assert (ana.email, ana.profile.bio) == ("ana@example.com", "This is my bio.")


def test_other_details_take_no_password(logged_in, ana):
    fields = {"first_name": "Ana", "email": ana.email, "bio": "Tea."}
    assert logged_in.post("/account/", fields).status_code == 302
    assert not PasswordAttempt.objects.exists()


def test_guesses_on_the_account_page_are_limited(logged_in):
    fields = {"email": "thief@example.com", "bio": "", "password": "no"}
    for _ in range(10):
        answer = logged_in.post("/account/", fields, REMOTE_ADDR=ADDRESS)
        assert answer.status_code == 422
    fields["password"] = "demo"
    assert logged_in.post("/account/", fields, REMOTE_ADDR=ADDRESS).status_code == 429
