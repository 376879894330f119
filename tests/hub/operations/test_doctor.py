"""The doctor: each line it prints, and its cause."""

import contextlib
import datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from hub import log
from hub.deliveries.lease import Lease
from hub.models import Delivery, Event, Log, Worker
from hub.operations import delivering, doctor
from hub.operations.doctor import examine
from tests.hub.site import tell
from tests.numbering import drain
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


def findings(subject):
    """Verdicts and texts of one subject's lines."""
    return [(one.verdict, one.text) for one in examine() if one.subject == subject]


def ago(seconds):
    return timezone.now() - datetime.timedelta(seconds=seconds)


def wait_for(count, since):
    """Deliveries that have been due for so many seconds."""
    Delivery.objects.bulk_create(
        Delivery(position=n, type="test.told", person="7", means="email", due_at=ago(since))
        for n in range(1, count + 1)
    )


@pytest.fixture
def sound():
    """A worker is running, and the log is this database's."""
    lease = Lease()
    tell("open.1", "hello")
    drain()
    lease.take()
    return lease


@pytest.mark.both
def test_a_sound_installation_has_no_failure(sound):
    found = list(examine())
    assert [one for one in found if one.verdict == "failure"] == []
    subjects = {one.subject for one in found}
    parts = {
        "configuration",
        "application",
        "database",
        "migrations",
        "log",
        "hints",
        "worker",
        "deliveries",
    }
    assert parts <= subjects


def test_the_command_prints_one_line_per_finding_and_its_hint(sound, capsys):
    Worker.objects.update(holder="")
    call_command("hub_doctor")
    lines = capsys.readouterr().out.splitlines()
    assert "ok       migrations: all applied" in lines
    line = lines.index("warning  worker: none is running: no emails are sent")
    assert "hub_deliver" in lines[line + 1]


def test_the_command_fails_where_something_is_broken(sound):
    Worker.objects.update(error="the mail server refuses the log-in")
    with pytest.raises(CommandError):
        call_command("hub_doctor")


def test_an_unnumbered_event_is_reported(sound):
    tell("open.1", "abandoned")
    [(_, first), (verdict, text)] = findings("log")
    assert f"head {log.state().head}" in first
    assert verdict == "warning" and "without a position" in text


def test_an_event_that_cannot_be_read_is_reported(sound):
    Event.objects.filter(position=1).update(frame="damaged")
    [_, (verdict, text)] = findings("log")
    assert verdict == "warning"
    assert "1 of the newest 1000 events cannot be read" in text and "position 1" in text


def test_a_restored_log_is_reported(sound):
    Log.objects.update(fingerprint="elsewhere")
    assert any(verdict == "warning" and "restored" in text for verdict, text in findings("log"))


@pytest.mark.both
def test_a_running_worker_is_named(sound):
    assert findings("worker") == [("ok", f"{sound.holder} is running")]


def test_a_worker_that_never_ran_is_a_warning():
    Worker.objects.all().delete()
    assert findings("worker") == [("warning", "none is running: no emails are sent")]


@pytest.mark.both
def test_the_lease_of_a_killed_worker_is_reported(sound):
    Worker.objects.update(until=ago(90))
    [(verdict, text)] = findings("worker")
    assert verdict == "warning"
    assert f"the lease of {sound.holder} ended 9" in text


def test_the_workers_error_is_a_failure(sound):
    Worker.objects.update(error="cannot reach the mail server")
    assert findings("worker")[1:] == [
        ("failure", "no emails are sent: cannot reach the mail server")
    ]


def test_deliveries_that_are_not_due_yet_are_ok(sound):
    wait_for(3, since=-600)
    assert findings("deliveries") == [("ok", "0 are due now, 0 were given up")]


@pytest.mark.both
def test_a_late_delivery_is_a_warning(sound):
    wait_for(2, since=delivering.MAX_DELIVERY_DELAY + 60)
    [(verdict, text)] = findings("deliveries")
    assert verdict == "warning" and text.startswith("2 are due now, 0 were given up; the oldest")


def test_too_many_due_deliveries_are_a_warning(sound, monkeypatch):
    monkeypatch.setattr(delivering, "MAX_DUE_DELIVERIES", 3)
    wait_for(4, since=1)
    assert findings("deliveries")[0][0] == "warning"


def test_an_examination_that_raises_is_a_failure_and_the_others_go_on(sound, monkeypatch):
    def broken():
        raise OSError("no such thing")

    monkeypatch.setattr(log, "state", broken)
    assert findings("the log") == [("failure", "OSError: no such thing")]
    assert findings("deliveries")


def use_redis(settings, url):
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [url]}}}


def test_a_round_trip_through_redis_is_timed(sound, settings, redis_server, monkeypatch):
    monkeypatch.setattr(doctor, "LAYER_TIMEOUT", PATIENCE)
    use_redis(settings, redis_server.url)
    [(verdict, text)] = findings("hints")
    assert verdict == "ok"
    assert text.startswith("the channel layer, RedisPubSubChannelLayer, a round trip takes ")


def test_a_redis_that_is_down_is_a_failure(sound, settings, redis_server):
    redis_server.stop()
    use_redis(settings, redis_server.url)
    [(verdict, _)] = findings("hints")
    assert verdict == "failure"


# What is configured


def test_an_application_without_a_hub_is_a_failure(settings):
    module = settings.ASGI_APPLICATION.rpartition(".")[0]
    settings.ASGI_APPLICATION = f"{module}.django"
    [found] = doctor.application()
    assert found.verdict == "failure" and "ASGIHandler" in found.text
    settings.ASGI_APPLICATION = f"{module}.application"
    [found] = doctor.application()
    assert found.verdict == "ok" and "SitePolicy" in found.text


def test_the_findings_of_checks_are_reported_with_id_and_hint(settings):
    settings.HUB = {"BYTES_RATE": 1_000}
    [found] = [one for one in doctor.configuration() if one.verdict == "failure"]
    assert found.text.startswith("hub.E006: ") and found.hint


@pytest.mark.both
def test_missing_migrations_are_counted(sound):
    recorder = MigrationRecorder(connection)
    [latest] = MigrationLoader(connection).graph.leaf_nodes("hub")
    recorder.record_unapplied(*latest)
    try:
        assert findings("migrations") == [("failure", "1 are not applied")]
    finally:
        recorder.record_applied(*latest)
    assert findings("migrations") == [("ok", "all applied")]


@pytest.mark.parametrize(("limit", "verdict"), [(1_024, "warning"), (4_096, "ok")])
def test_a_low_limit_of_open_files_is_a_warning(monkeypatch, limit, verdict):
    monkeypatch.setattr(doctor.resource, "getrlimit", lambda _: (limit, limit))
    [found] = doctor.files()
    assert found.verdict == verdict and found.text.startswith(f"at most {limit} for a server")


def test_sqlite_with_several_processes_is_a_warning(settings):
    use_redis(settings, "redis://127.0.0.1:1")
    first, second = doctor.database()
    assert (first.verdict, second.verdict) == ("ok", "warning")
    assert "several processes share one file" in second.text and "PostgreSQL" in second.hint


@pytest.mark.both
def test_a_layer_in_memory_beside_postgresql_is_a_warning():
    [found] = doctor.hints()
    several = connection.vendor == "postgresql"
    assert found.verdict == ("warning" if several else "ok")
    assert found.text.startswith("the channel layer in memory")


# PostgreSQL's own


@pytest.mark.postgres
def test_a_notify_that_is_heard_is_timed(settings):
    settings.HUB = {**settings.HUB, "HINTS": "postgres"}
    [found] = doctor.hints()
    assert found.verdict == "ok" and "NOTIFY, heard after" in found.text


@pytest.mark.postgres
def test_a_notify_that_is_not_heard_is_a_warning(settings, monkeypatch):
    monkeypatch.setattr(doctor, "LAYER_TIMEOUT", 0.1)
    monkeypatch.setattr(doctor, "notify", lambda payload: None)
    settings.HUB = {**settings.HUB, "HINTS": "postgres"}
    [found] = doctor.hints()
    assert found.verdict == "warning" and "HINTS_URL" in found.hint


@contextlib.contextmanager
def option(monkeypatch, name, value):
    """Other OPTIONS of the database, for a connection of their own."""
    connection.close()
    with monkeypatch.context() as changed:
        changed.setitem(connection.settings_dict["OPTIONS"], name, value)
        yield
        if connection.connection is not None:
            connection.connection.isolation_level = None  # the pool keeps it
    connection.close()


@pytest.mark.postgres
def test_another_isolation_level_is_a_failure_wherever_it_is_set(monkeypatch):
    assert [one.verdict for one in doctor.database()] == ["ok"]
    with option(monkeypatch, "isolation_level", 4):
        isolation = list(doctor.database())[-1]
    assert isolation.verdict == "failure" and "serializable" in isolation.text
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")
    try:
        isolation = list(doctor.database())[-1]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_isolation")
    assert isolation.verdict == "failure" and "repeatable read" in isolation.text


@pytest.mark.postgres
def test_too_few_database_connections_are_a_warning(monkeypatch):
    [found] = doctor.database()
    assert found.verdict == "ok" and "up to 34 per process" in found.text
    pool = connection.settings_dict["OPTIONS"]["pool"]
    monkeypatch.setitem(pool, "max_size", 90)
    [found] = doctor.database()
    assert found.verdict == "warning" and "too few for two servers" in found.text
    monkeypatch.setattr(doctor, "PROCESSES", 0)
    monkeypatch.setitem(pool, "max_size", 500)
    [found] = doctor.database()
    assert found.verdict == "warning" and "another process" in found.text


@pytest.mark.postgres
@pytest.mark.parametrize(("seconds", "verdict"), [(0, "ok"), (90, "warning"), (-90, "warning")])
def test_a_wrong_clock_is_a_warning(monkeypatch, seconds, verdict):
    class Wrong:
        @staticmethod
        def now():
            return ago(seconds)

    monkeypatch.setattr(doctor, "timezone", Wrong)
    [found] = doctor.clock()
    assert found.verdict == verdict
    if seconds:
        assert "90." in found.text or "89." in found.text


def test_a_planner_that_lags_is_a_warning(sound):
    Event.objects.update(at=ago(delivering.MAX_PLANNER_LAG + 30))
    [(verdict, text)] = findings("planner")
    assert verdict == "warning"
    assert text.startswith("1 events are not planned yet, the oldest for 9")


def test_a_lease_from_a_clock_that_was_ahead_is_reported(sound):
    Worker.objects.update(until=ago(-3_456_000))
    [(verdict, text)] = findings("worker")
    assert verdict == "warning" and "by a clock that was ahead" in text


@pytest.mark.both
def test_time_stamps_in_the_future_are_named(sound):
    assert findings("time stamps") == [("ok", "none is in the future")]
    ahead = ago(-3_456_000)
    Worker.objects.update(clearing_at=ahead, pruned_at=ahead)
    Log.objects.update(horizon_at=ahead)
    Event.objects.update(at=ahead)
    wait_for(1, since=-3_456_000)
    assert findings("time stamps") == [
        ("warning", "these are in the future: clearing_at, pruned_at, horizon_at, at, due_at")
    ]
