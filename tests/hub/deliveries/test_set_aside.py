"""An event whose deliveries cannot be made does not hold up the rest of the log."""

import datetime

import pytest
from django.db import connection, transaction
from django.utils import timezone

from hub import subscribe
from hub.deliveries import planner
from hub.models import Delivery, PlanFailure, Worker
from hub.operations.delivering import planner as examine_planner
from tests.hub.emails import Posted, deliver, make_subscribers, publish_now
from tests.hub.site import make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


@pytest.fixture
def ben():
    return make_person("ben")


@pytest.fixture
def database_that_refuses(ben):
    """The database refuses every delivery to ben; returns how to mend it."""
    table = Delivery._meta.db_table
    if connection.vendor == "postgresql":
        refuse = f"ALTER TABLE {table} ADD CONSTRAINT no_ben CHECK (person <> '{ben.pk}')"
        accept = f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS no_ben"
    else:
        refuse = (
            f"CREATE TRIGGER no_ben BEFORE INSERT ON {table} WHEN NEW.person = '{ben.pk}' "
            "BEGIN SELECT RAISE(ABORT, 'no_ben'); END"
        )
        accept = "DROP TRIGGER IF EXISTS no_ben"

    def execute(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    execute(refuse)
    yield lambda: execute(accept)
    execute(accept)


def let_an_hour_pass():
    PlanFailure.objects.update(tried_at=timezone.now() - datetime.timedelta(hours=1))


def test_an_event_that_fails_alone_is_set_aside_and_logged_once(
    ana, ben, fake_means, database_that_refuses, caplog
):
    publish_now(f"user.{ana.pk}")
    publish_now(f"user.{ben.pk}")
    publish_now(f"user.{ana.pk}", Posted(text="later"))
    deliver()
    assert len(fake_means.sent) == 2
    assert PlanFailure.objects.get().position == 2
    assert Worker.objects.get().own_position == 3
    let_an_hour_pass()
    deliver()
    assert caplog.text.count("cannot plan test.posted, position 2") == 1


def test_a_shared_event_that_fails_is_set_aside_from_its_page_on(
    fake_means, database_that_refuses, ben, monkeypatch
):
    monkeypatch.setattr(planner, "PAGE_RECIPIENTS", 2)
    first = make_subscribers(2, "open.1")
    with transaction.atomic():
        subscribe(ben.pk, "open.1")
    publish_now("open.1")
    publish_now("open.2")
    deliver()
    assert Delivery.objects.count() == len(first)
    assert PlanFailure.objects.get().page > 0


def test_what_was_set_aside_is_planned_once_the_cause_is_corrected(
    ben, fake_means, database_that_refuses
):
    publish_now(f"user.{ben.pk}")
    deliver()
    assert not Delivery.objects.exists()
    database_that_refuses()
    deliver()
    assert not Delivery.objects.exists(), "not before an hour has passed"
    let_an_hour_pass()
    deliver()
    assert Delivery.objects.get().state == "sent"
    assert not PlanFailure.objects.exists()


def test_what_was_set_aside_is_forgotten_once_the_event_is_pruned(fake_means):
    past = timezone.now() - datetime.timedelta(hours=2)
    PlanFailure.objects.create(position=7, error="no", tried_at=past)
    deliver()
    assert not PlanFailure.objects.exists()


def test_the_doctor_names_what_was_set_aside():
    PlanFailure.objects.create(position=7, error="no", tried_at=timezone.now())
    found = [one for one in examine_planner() if one.verdict == "failure"]
    assert [one.text for one in found] == ["1 events were set aside; position 7: no"]
