import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.checks import run_checks
from django.db import connection
from django.db.models import QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import Signal

from hub.operations import checks, sender_checks
from hub.pages.position import PagePositionMiddleware
from hub.publishing import receiver
from tests.hub.operations.connecting import connect, ids, own_registry  # noqa: F401


def test_a_model_whose_receiver_publishes_must_save_atomically():
    connect(post_save, Group)
    (found,) = sender_checks.check_senders(None)
    assert found.id == "hub.E001"
    assert "auth.Group" in found.msg and "tell" in found.msg
    assert "hub.atomic(Group)" in found.hint  # it is another package's


def test_deletions_and_many_to_many_changes_of_any_model_pass():
    # Django sends both inside a transaction of its own.
    connect(post_delete, Group)
    connect(m2m_changed, Group.permissions.through)
    assert sender_checks.check_senders(None) == []


def test_a_manager_with_methods_is_told_how_to_keep_them(monkeypatch):
    rows = type("PageQuerySet", (QuerySet,), {})(Group)
    monkeypatch.setattr(Group._default_manager, "get_queryset", lambda: rows)
    monkeypatch.setattr(sender_checks, "is_atomic", lambda model: True)
    monkeypatch.setattr(sender_checks, "_is_the_projects", lambda model: True)
    connect(post_save, Group)
    (found,) = sender_checks.check_senders(None)
    assert found.id == "hub.E002" and "class PageQuerySet(hub.AtomicQuerySet)" in found.hint


def test_a_custom_signal_has_no_model_to_check():
    own = Signal()
    connect(own, None)
    connect(own, "anything")
    assert receiver.registered == []


def test_a_model_is_reported_once_per_receiver():
    connect(post_save, Group)
    connect(post_save, Group)
    assert ids(sender_checks.check_senders(None)) == ["hub.E001"]


def test_a_wrong_limit_is_an_error_that_names_it(settings):
    settings.HUB = {"PINGS": 1}
    (found,) = checks.check_limits(None)
    assert found.id == "hub.E003" and "PINGS" in found.msg
    settings.HUB = {"PING": 1}
    assert checks.check_limits(None) == []


@pytest.mark.parametrize(
    ("hub", "said"),
    [
        ({"HINTS": "redis"}, "must be 'layer' or 'postgres', not 'redis'"),
        ({"HINTS": "layer", "HINTS_URL": "redis://:hidden@db"}, "HINTS_URL"),
        ({"HINTS": "layer", "HINTS_URL": "postgresql://:hidden@db/%zz"}, "HINTS_URL"),
    ],
)
def test_hints_that_cannot_be_had_are_an_error(settings, hub, said):
    settings.HUB = hub
    (found,) = checks.check_hints(None)
    assert found.id == "hub.E016" and said in found.msg and found.hint
    assert "hidden" not in found.msg


@pytest.mark.both
def test_hints_through_postgresql_need_it(settings):
    settings.HUB = {"HINTS": "postgres"}
    found = ids(checks.check_hints(None))
    assert found == ([] if connection.vendor == "postgresql" else ["hub.E016"])


def test_a_missing_layer_is_an_error_and_the_core_redis_layer_a_warning(settings):
    settings.CHANNEL_LAYERS = {}
    assert ids(checks.check_layer(None)) == ["hub.E004"]
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}
    (found,) = checks.check_layer(None)
    assert found.id == "hub.W001" and "pubsub" in found.hint
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend}}
    assert checks.check_layer(None) == []


@pytest.mark.parametrize(
    ("engine", "options", "expected"),
    [
        ("django.db.backends.mysql", {}, ["hub.E005"]),
        ("no.such.engine", {}, ["hub.E005"]),
        ("django.db.backends.sqlite3", {}, ["hub.W002"]),
        ("django.db.backends.sqlite3", {"transaction_mode": "IMMEDIATE"}, []),
        ("django.db.backends.postgresql", {}, []),
        ("tests.hub.operations.wrapped", {}, ["hub.W002"]),
    ],
)
def test_an_unsuitable_database_is_reported(monkeypatch, settings, engine, options, expected):
    database = {"ENGINE": engine, "OPTIONS": options}
    monkeypatch.setitem(settings.DATABASES, "default", database)
    assert ids(checks.check_database(None)) == expected
    settings.DEBUG = True  # one developer: deferred transactions seldom meet
    assert ids(checks.check_database(None)) == [one for one in expected if one != "hub.W002"]


def test_the_project_passes_all_checks():
    assert run_checks(tags=["hub"]) == []


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"BYTES_RATE": 1_000}, "BYTES_RATE"),
        ({"PROCESS_BYTES": 1_000}, "PROCESS_BYTES"),
        ({"FRAME_OUT": 2**21, "WINDOW_BYTES": 2**22}, "whole batch"),
    ],
)
def test_limits_that_contradict_each_other_are_an_error(settings, limits, named):
    settings.HUB = limits
    (found,) = checks.check_limits(None)
    assert found.id == "hub.E006" and named in found.msg


class Replicas:
    """Reads the users, or the hub, from a replica."""

    app = get_user_model()._meta.app_label

    def db_for_read(self, model, **hints):
        return "replica" if model._meta.app_label == self.app else None


class HubReplicas(Replicas):
    app = "hub"


@pytest.mark.parametrize(
    ("router", "named"), [(Replicas, get_user_model()._meta.label), (HubReplicas, "hub.Event")]
)
def test_a_router_that_reads_from_a_replica_is_reported(settings, router, named):
    settings.DATABASE_ROUTERS = [f"{__name__}.{router.__name__}"]
    (found,) = checks.check_replicas(None)
    assert found.id == "hub.W003" and named in found.msg


@pytest.mark.parametrize(
    ("site", "trusted", "expected"),
    [
        ("http://shop.example", [], []),
        ("https://shop.example", [], ["hub.W004"]),
        ("https://shop.example", ["http://shop.example"], ["hub.W004"]),
        ("https://shop.example", ["https://shop.example"], []),
        ("https://Shop.example:443/", ["https://*.example"], []),
        ("https://shop.example:8443", ["https://shop.example"], ["hub.W004"]),
    ],
)
def test_an_https_site_must_trust_its_own_origin(settings, site, trusted, expected):
    settings.ALLOWED_HOSTS = ["shop.example"]
    settings.SITE_URL = site
    settings.CSRF_TRUSTED_ORIGINS = trusted
    assert ids(checks.check_origin(None)) == expected


def test_a_site_without_site_url_passes(settings):
    del settings.SITE_URL
    assert checks.check_origin(None) == []


@pytest.mark.parametrize(
    ("engine", "expected"),
    [("signed_cookies", ["hub.E007"]), ("db", []), ("cached_db", []), ("file", [])],
)
def test_sessions_that_a_log_out_cannot_end_are_an_error(settings, engine, expected):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    assert ids(checks.check_sessions(None)) == expected


class OwnPosition(PagePositionMiddleware):
    """A project's own."""


OWN = f"{__name__}.OwnPosition"


@pytest.mark.parametrize(
    ("middleware", "named"),
    [
        ([checks.POSITION_MIDDLEWARE, checks.SESSION_MIDDLEWARE], None),
        ([checks.POSITION_MIDDLEWARE], None),
        ([OWN, checks.SESSION_MIDDLEWARE], None),
        ([checks.SESSION_MIDDLEWARE, checks.POSITION_MIDDLEWARE], "after the sessions"),
        ([checks.SESSION_MIDDLEWARE, OWN], "after the sessions"),
        ([checks.SESSION_MIDDLEWARE], "not in MIDDLEWARE"),
        ([checks.MIDDLEWARE, checks.SESSION_MIDDLEWARE], None),
        ([checks.SESSION_MIDDLEWARE, checks.MIDDLEWARE], "after the sessions"),
    ],
)
def test_the_position_middleware_must_come_before_the_sessions(settings, middleware, named):
    settings.MIDDLEWARE = middleware
    found = checks.check_middleware(None)
    assert ids(found) == (["hub.E008"] if named else [])
    assert all(named in one.msg and checks.SESSION_MIDDLEWARE in one.hint for one in found)


def test_a_middleware_beside_the_one_that_does_its_work_is_a_warning(settings):
    assert checks.check_middleware_twice(None) == []
    settings.MIDDLEWARE = [checks.MIDDLEWARE, checks.ROUTE_MIDDLEWARE, checks.POSITION_MIDDLEWARE]
    assert ids(checks.check_middleware_twice(None)) == ["hub.W005", "hub.W005"]
    settings.MIDDLEWARE = [checks.ROUTE_MIDDLEWARE, checks.POSITION_MIDDLEWARE]
    assert checks.check_middleware_twice(None) == []


class Apart:
    """Groups have a database of their own."""

    def db_for_write(self, model, **hints):
        return "other" if model is Group else None


def test_a_model_in_another_database_than_the_log_is_an_error(settings):
    settings.DATABASE_ROUTERS = [f"{__name__}.Apart"]
    connect(post_save, Group)
    (found,) = sender_checks.check_senders(None)
    assert found.id == "hub.E014" and "'other'" in found.msg and "'default'" in found.msg


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/accounts/nowhere/", ["hub.W008"]),
        ("no-such-name", ["hub.W008"]),
        ("hub:inbox", []),
        ("/admin/login/?next=/", []),
        ("https://login.example/", []),
    ],
)
def test_a_log_in_that_leads_nowhere_is_a_warning(settings, url, expected):
    settings.LOGIN_URL = url
    assert ids(checks.check_login(None)) == expected
    settings.ROOT_URLCONF = "tests.hub.operations.no_pages"
    assert checks.check_login(None) == []


@pytest.mark.parametrize("path", ["hub.policy.Nothing", "no.such.module", "", "hub.Policy.x"])
def test_a_setting_that_names_no_policy_is_an_error(settings, path):
    assert checks.check_policy(None) == []
    settings.HUB = {"POLICY": path}
    assert ids(checks.check_policy(None)) == ["hub.E012"]
