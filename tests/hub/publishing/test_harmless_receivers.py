"""A receiver of somebody else's model or signal breaks nothing but itself."""

import logging

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

from hub import publish, receiver
from hub.models import Event, ReceiverFailure
from hub.operations import doctor
from hub.publishing import failures
from tests.hub.site import Told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

signed_up = Signal()


class Trouble(Exception):
    pass


@pytest.fixture(autouse=True)
def in_production(monkeypatch):
    monkeypatch.setattr(failures, "passed_on", False)


@pytest.fixture
def connected():
    """Connects receivers of groups and of a plain signal, for one test."""
    made = []

    def connect(function, signal=post_save, sender=Group, **options):
        uid = f"test.{len(made)}"
        made.append((signal, sender, uid))
        receiver(signal, sender=sender, dispatch_uid=uid, **options)(function)

    yield connect
    for signal, sender, uid in made:
        signal.disconnect(sender=sender, dispatch_uid=uid)


def tell(sender, **kwargs):
    publish(Told(text="told"), "open.a")


def tell_and_raise(sender, **kwargs):
    tell(sender)
    raise Trouble("not today")


def told():
    return Event.objects.filter(type=Told.type).count()


def test_a_change_in_autocommit_is_told(connected):
    connected(tell)
    Group.objects.create(name="clerks")
    assert told() == 1


def test_what_raises_is_rolled_back_logged_and_counted_and_the_change_stays(connected, caplog):
    connected(tell_and_raise)
    Group.objects.create(name="clerks")
    Group.objects.create(name="cooks")
    assert Group.objects.count() == 2 and told() == 0
    [first, _] = [one for one in caplog.records if one.name == "hub.receiver"]
    assert first.levelno == logging.ERROR and first.exc_info[0] is Trouble
    assert ReceiverFailure.objects.get().count == 2
    [finding] = doctor.receivers()
    assert "tell_and_raise raised 2 times" in finding.text and "Trouble: not today" in finding.text


def test_a_transaction_of_the_host_goes_on(connected):
    connected(tell_and_raise)
    with transaction.atomic():
        Group.objects.create(name="clerks")
        Group.objects.create(name="cooks")
    assert Group.objects.count() == 2 and told() == 0


def test_a_plain_signal_of_a_package_is_told_and_not_broken(connected):
    connected(tell, signal=signed_up, sender=None)
    connected(tell_and_raise, signal=signed_up, sender=None)
    signed_up.send(sender=object())
    signed_up.send(sender=None)
    assert told() == 2
    assert ReceiverFailure.objects.get().count == 2


def test_a_test_sees_what_a_receiver_raises(connected, monkeypatch):
    monkeypatch.setattr(failures, "passed_on", True)  # as importing hub.testing does
    connected(tell_and_raise)
    with pytest.raises(Trouble):
        Group.objects.create(name="clerks")


def test_the_receivers_that_are_to_be_last_come_last(connected):
    order = []
    connected(lambda sender, **kwargs: order.append("last"), last=True)
    connected(lambda sender, **kwargs: order.append("first"))
    connected(lambda sender, **kwargs: order.append("second"))
    Group.objects.create(name="clerks")
    assert order == ["first", "second", "last"]


def test_an_async_receiver_is_refused(connected):
    async def tell_later(sender, **kwargs): ...

    with pytest.raises(TypeError, match="tell_later: a receiver that publishes is no async"):
        receiver(post_save, sender=Group, dispatch_uid="test.async")(tell_later)
