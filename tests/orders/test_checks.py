"""The hub's checks of models whose receivers publish, with the shop's models."""

import pytest
from django.db import models
from django.db.models import Manager
from django.db.models.signals import m2m_changed, post_delete, post_save

from hub.operations import sender_checks
from hub.publishing import receiver
from orders.models import Order, Product
from tests.hub.operations.connecting import connect, own_registry  # noqa: F401


class InTheDatabase:
    """As Django's DB_CASCADE, for versions before 6.1."""

    def on_delete_sql(self, schema_editor): ...

    def __str__(self):
        return "DB_CASCADE"


def test_the_manager_of_such_a_model_must_send_signals_for_bulk_writes(monkeypatch):
    plain = Manager()
    plain.model, plain.name = Order, "plain"
    monkeypatch.setattr(Order._meta, "default_manager", plain)
    connect(post_save, Order)
    (found,) = sender_checks.check_senders(None)
    assert found.id == "hub.E002"
    assert "AtomicQuerySet" in found.hint


@pytest.mark.parametrize("place", ["managers", "base_manager"])
def test_every_manager_of_such_a_model_must_send_signals_for_bulk_writes(monkeypatch, place):
    second = Manager()
    second.model, second.name = Order, "archived"
    monkeypatch.setattr(Order._meta, place, [second] if place == "managers" else second)
    connect(post_save, Order)
    (found,) = sender_checks.check_senders(None)
    assert found.id == "hub.E002"
    assert "through archived" in found.msg


def test_the_base_manager_of_such_a_model_must_not_hide_rows(monkeypatch):
    hiding = Order.objects.filter(quantity=1)
    monkeypatch.setattr(Order.objects, "get_queryset", lambda: hiding)
    monkeypatch.setattr(Order._meta, "base_manager", Order.objects)
    connect(post_save, Order)
    (found,) = sender_checks.check_senders(None)
    assert "through objects" in found.msg


def test_a_safe_model_passes_by_name_and_by_class():
    connect(post_save, Order)
    connect(post_save, "orders.Product")
    assert sender_checks.check_senders(None) == []


def test_an_automatic_many_to_many_table_passes():
    connect(m2m_changed, Product.watchers.through)
    assert sender_checks.check_senders(None) == []


@pytest.mark.parametrize("signal", [post_save, post_delete])
def test_rows_that_the_database_changes_by_itself_are_a_warning(monkeypatch, signal):
    monkeypatch.setattr(receiver, "_connections", [])
    connect(signal, Order)
    assert sender_checks.check_deletions_by_the_database(None) == []
    relation = Order._meta.get_field("ordered_by").remote_field
    monkeypatch.setattr(relation, "on_delete", getattr(models, "DB_CASCADE", InTheDatabase()))
    (found,) = sender_checks.check_deletions_by_the_database(None)
    assert found.id == "hub.W006" and "orders.Order.ordered_by is DB_CASCADE" in found.msg
    assert "tell is not called" in found.msg and found.hint == "on_delete=models.CASCADE"
