"""Guesses of passwords are limited by account and by address."""

import datetime
from functools import partial

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from orders import attempts
from orders.models import PasswordAttempt, User
from tests.orders.racing import race
from tests.orders.shop import text, user

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]

HERE, ELSEWHERE = "9.9.9.9", "8.8.8.8"
PATHS = ["/accounts/login/", "/admin/login/"]


def log_in(password: str, name: str = "ana", address: str = HERE, path: str = PATHS[0]):
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(path, form)


def fail(times: int, **options) -> list[int]:
    return [log_in("wrong", **options).status_code for _ in range(times)]


def let_pass(seconds: float) -> None:
    """Make all attempts older."""
    PasswordAttempt.objects.update(at=F("at") - datetime.timedelta(seconds=seconds))


def fail_before(times: int) -> None:
    """Failures of as many accounts from HERE, a moment ago."""
    PasswordAttempt.objects.bulk_create(
        PasswordAttempt(account=str(turn), address=HERE, at=timezone.now()) for turn in range(times)
    )


@pytest.fixture(autouse=True)
def ana() -> User:
    return user(is_staff=True)


@pytest.mark.parametrize("path", PATHS)
def test_after_ten_failures_of_an_account_and_address_a_log_in_is_429(path, caplog):
    assert 429 not in fail(10, path=path)
    refused = log_in("demo", path=path)
    assert refused.status_code == 429
    assert 290 <= int(refused["Retry-After"]) <= 300
    assert "Try again in 5 minutes." in text(refused)
    assert f"too many failed attempts from {HERE}: refused for" in caplog.text
    assert "ana" not in caplog.text
    let_pass(300)
    assert log_in("demo", path=path).status_code == 302


def test_the_same_account_can_log_in_from_another_address():
    fail(10)
    assert log_in("demo", address=ELSEWHERE).status_code == 302


def test_another_account_can_log_in_from_the_same_address():
    fail(10)
    user("ben")
    assert log_in("demo", name="ben").status_code == 302


def test_only_failures_count():
    for _ in range(12):
        assert log_in("demo").status_code == 302
    assert not PasswordAttempt.objects.exists()


def test_a_name_in_another_spelling_counts_as_the_same_account():
    fail(5, name="ana")
    fail(5, name="ANA")
    assert log_in("demo").status_code == 429


def test_a_hundred_failures_of_an_address_are_its_limit_for_all_accounts():
    fail_before(99)
    assert fail(1, name="ben") == [422]
    assert log_in("demo").status_code == 429
    assert log_in("demo", address=ELSEWHERE).status_code == 302


def test_an_account_with_many_failures_is_slowed_and_never_locked():
    signed_in = Client()
    signed_in.force_login(User.objects.get())
    for turn in range(5):
        fail(10, address=f"7.7.7.{turn}")
    slowed = log_in("demo", address=ELSEWHERE)
    assert slowed.status_code == 429
    assert int(slowed["Retry-After"]) <= 5
    assert signed_in.get("/account/").status_code == 200
    let_pass(5)
    assert log_in("demo", address=ELSEWHERE).status_code == 302


def test_an_attempt_that_is_refused_holds_up_nobody_else(monkeypatch):
    """Not for a moment: a flood of refused attempts would never leave a moment free."""
    for turn in range(5):
        fail(10, address=f"7.7.7.{turn}")
    let_pass(5)
    seen = []
    wait = attempts._wait
    monkeypatch.setattr(
        attempts, "_wait", lambda one: seen.append(PasswordAttempt.objects.count()) or wait(one)
    )
    assert fail(3, address="7.7.7.0") == [429] * 3
    assert set(seen) == {50}


@pytest.mark.parametrize("path", PATHS)
def test_guesses_from_many_addresses_do_not_slow_a_browser_of_the_user(path):
    browser = Client(REMOTE_ADDR=ELSEWHERE)
    form = {"username": "ana", "password": "demo"}
    browser.post("/accounts/login/", form)
    browser.post("/accounts/logout/")
    for turn in range(5):
        fail(10, address=f"7.7.7.{turn}")
    assert log_in("demo", address="6.6.6.6").status_code == 429
    assert browser.post(path, form).status_code == 302
    # Guesses in it are counted like any other, and it is known for no other account.
    browser.post("/accounts/logout/")
    guesses = [
        browser.post("/accounts/login/", {**form, "password": "wrong"}).status_code
        for _ in range(11)
    ]
    assert guesses == [422] * 10 + [429]


def test_a_forged_or_borrowed_cookie_makes_no_browser_known():
    user("ben")
    browser = Client(REMOTE_ADDR=ELSEWHERE)
    browser.post("/accounts/login/", {"username": "ben", "password": "demo"})
    browser.post("/accounts/logout/")
    for turn in range(5):
        fail(10, address=f"7.7.7.{turn}")
    for value in (browser.cookies["known_browser"].value, "x:y:z", "", "\0"):
        browser.cookies["known_browser"] = value
        refused = browser.post("/accounts/login/", {"username": "ana", "password": "demo"})
        assert refused.status_code == 429


def test_failures_at_once_count_each_other():
    sent = race(*(partial(log_in, "wrong") for _ in range(30)))
    checked = [response for response in sent if response.status_code == 422]
    assert 0 < len(checked) <= 10
    assert {response.status_code for response in sent} == {422, 429}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.7", "192.168.1.1", "", "nonsense"])
def test_a_peer_that_may_be_a_proxy_has_no_address_to_count(address):
    assert 429 not in fail(11, address=address)


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("10.0.0.7", "8.8.8.8", "8.8.8.8"),
        ("10.0.0.7", "1.1.1.1, 8.8.8.8", "8.8.8.8"),
        ("10.0.0.7", "8.8.8.8, 10.0.0.8", "8.8.8.8"),
        ("10.0.0.7", "", ""),
        ("10.0.0.7", "nonsense", ""),
        ("9.9.9.9", "8.8.8.8", "9.9.9.9"),
        ("::ffff:9.9.9.9", "8.8.8.8", "9.9.9.9"),
    ],
)
def test_only_a_trusted_proxy_says_for_whom_it_speaks(settings, peer, forwarded, counted):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    form = {"username": "ana", "password": "wrong"}
    headers = {"X-Forwarded-For": forwarded}
    Client(REMOTE_ADDR=peer, headers=headers).post("/accounts/login/", form)
    assert PasswordAttempt.objects.get().address == counted


def test_a_wrong_password_for_a_deletion_counts_as_well():
    client = Client(REMOTE_ADDR=HERE)
    client.force_login(User.objects.get())
    for _ in range(10):
        assert client.post("/account/delete", {"password": "wrong"}).status_code == 422
    assert client.post("/account/delete", {"password": "demo"}).status_code == 429
    assert User.objects.exists()


def test_refused_sign_ups_count_for_the_address():
    fail_before(99)
    client = Client(REMOTE_ADDR=HERE)
    assert client.post("/accounts/signup/", {"username": "ana"}).status_code == 422
    assert client.post("/accounts/signup/", {"username": "ana"}).status_code == 429
    assert Client().post("/accounts/signup/", {"username": "ana"}).status_code == 422


def test_attempts_are_kept_for_an_hour_and_without_the_name():
    fail(3)
    assert not PasswordAttempt.objects.filter(account__contains="ana").exists()
    let_pass(3600)
    fail(1)
    assert PasswordAttempt.objects.count() == 1


def sign_up(number: int, address: str = HERE) -> int:
    form = {
        "username": f"user{number}",
        "email": f"user{number}@example.com",
        "password1": "a long one, for once",
        "password2": "a long one, for once",
    }
    return Client(REMOTE_ADDR=address).post("/accounts/signup/", form).status_code


def test_one_address_makes_a_bounded_number_of_accounts_an_hour(monkeypatch):
    monkeypatch.setattr(attempts, "SIGN_UPS", 3)
    assert [sign_up(number) for number in range(4)] == [302, 302, 302, 429]
    assert sign_up(4, ELSEWHERE) == 302
    assert log_in("demo").status_code == 302
    let_pass(3600)
    assert sign_up(5) == 302
