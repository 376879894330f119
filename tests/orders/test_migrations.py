"""A database of an earlier version: its sessions belong to the same users as before."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from hub.models import SessionOwner
from orders.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

FIRST = [("hub", "0003_inbox"), ("orders", "0002_viewing_news_sessions")]


@pytest.fixture
def first_version():
    """The tables as the first version had them, and what brings the newest."""
    graph = MigrationExecutor(connection).loader.graph
    newest = [*graph.leaf_nodes("hub"), *graph.leaf_nodes("orders")]
    executor = MigrationExecutor(connection)
    executor.migrate(FIRST)
    yield lambda: MigrationExecutor(connection).migrate(newest)
    MigrationExecutor(connection).migrate(newest)


def test_a_live_session_keeps_its_owner_and_an_address_counts_as_confirmed(first_version):
    apps = MigrationExecutor(connection).loader.project_state(FIRST).apps
    ana = apps.get_model("orders", "User").objects.create(username="ana", email="ana@example.com")
    client = Client()
    session = client.session
    session.save()
    owners = apps.get_model("orders", "SessionOwner").objects
    owners.create(session_id=session.session_key, person_id=ana.pk)
    first_version()
    assert SessionOwner.objects.get().person == User.objects.get()
    assert User.objects.get().confirmed_email == "ana@example.com"
    User.objects.get().delete()
    assert not Session.objects.exists()
