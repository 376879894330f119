"""Migrations of rows that earlier versions have written."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from hub.events import encode_tail
from hub.inbox.preferences import security_types
from hub.publishing.control_events import SubscriptionChanged
from tests.hub.site import Told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def migrate(name):
    """The models of the hub after this migration."""
    executor = MigrationExecutor(connection)
    executor.migrate([("hub", name)])
    return executor.loader.project_state([("hub", name)]).apps


@pytest.fixture
def earlier():
    """Goes back to a migration, and to the newest one at the end."""
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("hub")
    yield migrate
    MigrationExecutor(connection).migrate(newest)


def test_events_without_a_title_become_hidden_ones(earlier):
    events = earlier("0004_pruning_and_paging").get_model("hub", "Event").objects
    now = timezone.now()
    quotes = 'in quotes: "severity":"info","title":"","body":""'
    stored = [
        Told(text="shown"),
        Told(),
        Told(text=quotes),
        SubscriptionChanged(subject="open.a", on=True),
    ]
    for event in stored:
        tail = encode_tail(event, "user.7", now, 16_384)
        events.create(topic="user.7", type=event.type, at=now, frame=tail)
    events = earlier("0005_event_shown").get_model("hub", "Event").objects
    assert list(events.order_by("pk").values_list("shown", flat=True)) == [True, False, True, False]


def test_a_muted_topic_of_ones_own_becomes_mutes_of_its_kinds(earlier):
    mutes = earlier("0009_session_owner").get_model("hub", "Mute").objects
    rows = [
        ("7", "user.7", ""),
        ("7", "user.7", "test.told"),
        ("7", "open.a", ""),
        ("8", "user.7", ""),
    ]
    for person, topic, type in rows:
        mutes.create(person=person, topic=topic, type=type)
    mutes = earlier("0010_mutes_of_own_topics").get_model("hub", "Mute").objects
    found = set(mutes.values_list("person", "topic", "type"))
    assert set(rows[1:]) <= found and rows[0] not in found
    muted = {type for person, topic, type in found if (person, topic) == ("7", "user.7")}
    assert "test.told" in muted and not muted & security_types()
