"""What the doctor says of secrets, passwords, Redis and Python."""

import pytest

from hub.operations import doctor, exposure
from hub.runtime import python_version
from tests.hub.site import change_password, change_person, make_person


def found(examination):
    """The verdicts and texts of its findings."""
    return [(one.verdict, one.text) for one in examination()]


@pytest.mark.parametrize("weak", ["x", "changeme", "x" * 31, "django-insecure-" + "x" * 50])
def test_a_secret_that_can_be_guessed_is_a_failure(settings, weak):
    good = "t5pQ" * 10
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = good, [good]
    assert [verdict for verdict, _ in found(exposure.secret)] == ["ok"]
    settings.SECRET_KEY_FALLBACKS = [good, weak]
    [(verdict, text)] = found(exposure.secret)
    assert verdict == "failure" and "SECRET_KEY_FALLBACKS[1]" in text and weak not in text
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = weak, []
    [(verdict, text)] = found(exposure.secret)
    assert verdict == "failure" and text.startswith("SECRET_KEY can be guessed")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("site", "verdict"),
    [
        ("https://shop.example", "failure"),
        ("http://shop.example", "failure"),
        ("https://127.0.0.1", "failure"),
        ("http://127.0.0.1:8000", "warning"),
        ("http://[::1]:8000", "warning"),
        ("http://localhost", "warning"),
    ],
)
def test_an_account_with_the_password_demo_is_named(settings, site, verdict):
    settings.SITE_URL = site
    people = [make_person(f"person{number}") for number in range(exposure.MAX_ACCOUNTS + 2)]
    for one in people:
        change_password(one, "a good one")
    assert [one for one, _ in found(exposure.accounts)] == ["ok"]
    change_password(people[-1], "demo")
    change_person(people[-1], is_staff=True)
    assert found(exposure.accounts) == [
        (verdict, f"person{len(people) - 1}: the password is 'demo'")
    ]
    change_person(people[-1], is_active=False)
    assert [one for one, _ in found(exposure.accounts)] == ["ok"]


@pytest.mark.parametrize(
    ("host", "is_open"),
    [
        ("redis://cache.example:6379/0", True),
        ("rediss://cache.example:6379/0", True),
        ({"address": "redis://10.0.0.7:6379"}, True),
        (("10.0.0.7", 6379), True),
        ("redis://:a-password@cache.example:6379/0", False),
        ("redis://127.0.0.1:6379/0", False),
        ("redis://[::1]:6379/0", False),
        (("localhost", 6379), False),
        ("unix:///run/redis.sock", False),
    ],
)
def test_a_redis_of_the_network_without_a_password_is_a_warning(settings, host, is_open):
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [host]}}}
    assert [verdict for verdict, _ in found(exposure.redis)] == ["warning"] * is_open


@pytest.mark.parametrize(
    ("version", "is_weak"),
    [
        ((3, 11, 9), True),
        ((3, 11, 10), False),
        ((3, 12, 5), True),
        ((3, 12, 6), False),
        ((3, 13, 0), False),
    ],
)
def test_a_python_with_a_known_weakness_is_a_warning(monkeypatch, caplog, version, is_weak):
    weakness = python_version.weakness
    monkeypatch.setattr(python_version, "weakness", lambda: weakness(version))
    assert [verdict for verdict, _ in found(exposure.python)] == ["warning"] * is_weak
    python_version.warn_once.cache_clear()
    for _ in range(2):
        python_version.warn_once()
    assert len(caplog.records) == is_weak


def test_in_development_the_doctor_says_so_and_leaves_deployment_out(settings):
    settings.DEBUG, settings.SECRET_KEY = True, "django-insecure-x"
    [(verdict, text), *others] = found(doctor.configuration)
    assert verdict == "warning" and "DEBUG is on" in text
    assert not [text for _, text in others if text.startswith("security.")]
    assert found(exposure.secret) == []


def test_djangos_deployment_checks_are_reported_unless_they_are_silenced(settings):
    settings.SECURE_HSTS_SECONDS = 0
    reported = [text for _, text in found(doctor.configuration)]
    assert any(text.startswith("security.W004: ") for text in reported)
    settings.SILENCED_SYSTEM_CHECKS = ["security.W004"]
    reported = [text for _, text in found(doctor.configuration)]
    assert not any(text.startswith("security.W004: ") for text in reported)
