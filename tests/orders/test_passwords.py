"""Passwords are hashed within a bound, and without a database connection."""

import threading

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.db import connection, transaction
from django.test import Client

from orders import passwords
from orders.models import User
from orders.passwords import HashersBusy, HashSlots
from tests.orders.shop import text, user
from tests.rig.wait import wait_until

HASHER = "orders.passwords.BoundedPasswordHasher"


@pytest.fixture
def bounded(settings):
    settings.PASSWORD_HASHERS = [HASHER]


def test_a_hash_is_one_of_djangos(bounded, settings):
    made = make_password("demo")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    assert check_password("demo", made)


class Watched:
    """Counts the hashes that run at once, each until `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.running = self.most = 0
        self._lock = threading.Lock()

    def encode(self, hasher, password, salt, iterations=None) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.go.wait(30)
        with self._lock:
            self.running -= 1
        return "pbkdf2_sha256$1$a$b"


@pytest.fixture
def watched(monkeypatch, bounded):
    """Two slots, and eight more hashes that may wait."""
    watched = Watched()
    monkeypatch.setattr(passwords, "slots", HashSlots(2, 8))
    monkeypatch.setattr(
        PBKDF2PasswordHasher, "encode", lambda self, *args: watched.encode(self, *args)
    )
    yield watched
    watched.go.set()


def test_no_more_hashes_run_at_once_than_there_are_slots(watched, monkeypatch):
    asked = []
    monkeypatch.setattr(passwords, "give_back_connections", lambda: asked.append(1))
    threads = [threading.Thread(target=make_password, args=["demo"]) for _ in range(10)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(asked) == 10 and watched.running == 2)
    watched.go.set()
    for thread in threads:
        thread.join()
    assert watched.most == 2


def test_processes_with_the_same_folder_share_their_slots(watched, monkeypatch, tmp_path):
    monkeypatch.setattr(passwords, "PATIENCE", 0.2)
    with HashSlots(1, 0, tmp_path).take():  # as another process has it
        monkeypatch.setattr(passwords, "slots", HashSlots(1, 0, tmp_path))
        with pytest.raises(HashersBusy):
            make_password("demo")
    watched.go.set()
    assert make_password("demo")


def test_without_the_folder_the_bound_is_the_process_own(watched, monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(passwords, "slots", HashSlots(1, 0, tmp_path / "missing" / "slots"))
    watched.go.set()
    assert make_password("demo") and make_password("demo")
    assert caplog.text.count("a bound per process") == 1


def test_a_hash_beyond_the_bound_is_refused_at_once(watched, monkeypatch):
    monkeypatch.setattr(passwords, "slots", HashSlots(2, 0))
    threads = [threading.Thread(target=make_password, args=["demo"]) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: watched.running == 2)
    with pytest.raises(HashersBusy):
        make_password("demo")
    watched.go.set()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_a_log_in_beyond_the_bound_is_503_with_retry_after(watched, monkeypatch, caplog):
    monkeypatch.setattr(passwords, "slots", HashSlots(1, 0))
    thread = threading.Thread(target=make_password, args=["demo"])
    thread.start()
    wait_until(lambda: watched.running == 1)
    form = {"username": "ana", "password": "demo"}
    response = Client().post("/accounts/login/", form)
    watched.go.set()
    thread.join()
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    [line] = [one for one in caplog.records if one.levelname in ("WARNING", "ERROR")]
    assert line.levelname == "WARNING" and "too many passwords" in line.message
    assert "Too many users are logging in." in text(response)


@pytest.fixture
def connected(monkeypatch, bounded):
    """Whether the thread held a connection, hash by hash."""
    seen = []

    def encode(self, password, salt, iterations=None):
        seen.append(connection.connection is not None)
        return f"pbkdf2_sha256${self.iterations}${salt}$x"

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    return seen


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_no_connection_is_held_while_a_password_is_hashed(connected):
    client = Client()
    names = {"username": "zoe", "email": "zoe@example.com"}
    words = {"password1": "a quiet teapot", "password2": "a quiet teapot"}
    assert client.post("/accounts/signup/", names | words).status_code == 302
    log_in = {"username": "zoe", "password": "a quiet teapot"}
    assert Client().post("/accounts/login/", log_in).status_code == 302
    assert client.post("/account/delete", {"password": "a quiet teapot"}).status_code == 302
    assert not User.objects.exists()
    assert len(connected) >= 3
    assert not any(connected)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_keeps_its_connection(connected):
    with transaction.atomic():
        user()
    assert connected == [True]
