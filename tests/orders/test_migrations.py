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
CLAIMED = [("orders", "0007_confirmed_email")]


@pytest.fixture
def earlier():
    """Takes the tables back to earlier migrations, and gives their models and the way forward."""
    graph = MigrationExecutor(connection).loader.graph
    newest = [*graph.leaf_nodes("hub"), *graph.leaf_nodes("orders")]

    def go_on():
        MigrationExecutor(connection).migrate(newest)

    def go_back(to):
        MigrationExecutor(connection).migrate(to)
        return MigrationExecutor(connection).loader.project_state(to).apps, go_on

    yield go_back
    go_on()


def test_a_confirmed_address_stays_with_the_one_account_that_shows_it(earlier):
    apps, go_on = earlier(CLAIMED)
    users = apps.get_model("orders", "User").objects
    users.create(username="ana", email="new@example.com", confirmed_email="one@example.com")
    users.create(username="ben", email="One@example.com", confirmed_email="One@example.com")
    go_on()
    found = dict(User.objects.values_list("username", "confirmed_email"))
    assert found == {"ana": "", "ben": "One@example.com"}


def test_a_live_session_keeps_its_owner_and_an_address_counts_as_confirmed(earlier):
    apps, go_on = earlier(FIRST)
    ana = apps.get_model("orders", "User").objects.create(username="ana", email="ana@example.com")
    client = Client()
    session = client.session
    session.save()
    owners = apps.get_model("orders", "SessionOwner").objects
    owners.create(session_id=session.session_key, person_id=ana.pk)
    go_on()
    assert SessionOwner.objects.get().person == User.objects.get()
    assert User.objects.get().confirmed_email == "ana@example.com"
    User.objects.get().delete()
    assert not Session.objects.exists()
