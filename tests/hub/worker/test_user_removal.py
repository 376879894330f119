"""A deleted user: they get a last email, and nothing of theirs is left a minute later."""

import datetime

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from hub import log, publish, revoke, subscribe
from hub.deliveries import deliver_last
from hub.deliveries.lease import Lease
from hub.errors import NotAtomic
from hub.inbox import mark_all
from hub.inbox.digests import choose_digests
from hub.inbox.preferences import choose, mute
from hub.inbox.quiet_hours import QuietHours, set_quiet_hours
from hub.models import Delivery, Event, InboxMark, InboxState, Mute, Preference, Subscription
from hub.models import Worker as Row
from hub.models.preferences import EmailDigest
from hub.models.preferences import QuietHours as QuietHoursRow
from hub.worker.user_removal import REMOVAL_GRACE, remove_deleted_users
from tests.hub.emails import Graced, Posted, deliver, make_due, publish_now
from tests.hub.site import make_person, tell
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def leave(person) -> None:
    """Delete an account as a project does."""
    with transaction.atomic():
        deliver_last(Posted(text="goodbye"), person)
        publish(Posted(text="goodbye"), f"user.{person.pk}")
        QuerySet(get_user_model()).filter(pk=person.pk)._raw_delete(using="default")
        revoke(person.pk, "deleted")


def clear() -> int:
    """Remove the users whose deletion is old enough."""
    lease = Lease()
    lease.take()
    try:
        return remove_deleted_users(lease)
    finally:
        lease.release()


def pass_grace() -> None:
    earlier = timezone.now() - REMOVAL_GRACE
    Row.objects.update(clearing_at=earlier)


def test_the_last_email_goes_to_the_copied_address_once(ana):
    leave(ana)
    deliver()
    deliver()
    (sent,) = mail.outbox
    assert (sent.subject, sent.to) == ("goodbye", ["ana@example.com"])
    assert "List-Unsubscribe" not in sent.extra_headers
    assert "unsubscribe" not in sent.body


def test_once_sent_a_last_delivery_no_longer_names_the_user(ana):
    leave(ana)
    waiting = Delivery.objects.get()
    assert (waiting.address, waiting.person) == ("ana@example.com", str(ana.pk))
    deliver()
    sent = Delivery.objects.get(state="sent")
    assert (sent.address, sent.person, sent.frame) == ("", "", "")


def test_a_deletion_that_is_rolled_back_sends_nothing(ana):
    with pytest.raises(LookupError), transaction.atomic():
        deliver_last(Posted(), ana)
        raise LookupError
    deliver()
    assert mail.outbox == []


def test_deliver_last_outside_a_transaction_is_refused(ana):
    with pytest.raises(NotAtomic):
        deliver_last(Posted(), ana)


def test_a_user_who_wants_no_emails_of_the_type_gets_no_last_one(ana):
    choose(ana.pk, {Posted.type: {"email": False}})
    leave(ana)
    deliver()
    assert mail.outbox == []


def test_the_address_is_never_in_the_log(ana):
    leave(ana)
    assert not any("ana@" in frame for frame in Event.objects.values_list("frame", flat=True))


def test_what_a_deleted_user_left_is_removed_within_a_minute(ana):
    ben = make_person("ben")
    for person in (ana, ben):
        with transaction.atomic():
            subscribe(person.pk, "open.1")
        tell(f"user.{person.pk}", "hello")
        choose(person.pk, {Graced.type: {"email": False}})
        choose_digests(person.pk, {Posted.type: "daily"})
        hours = QuietHours(datetime.time(1), datetime.time(2), "UTC")
        set_quiet_hours(person.pk, hours)
        mute(person.pk, topic="open.2")
        drain()
        mark_all(person.pk, "seen", log.state().head)
        publish_now(f"user.{person.pk}")
    tell("open.1", "everybody's")
    deliver()
    leave(ana)
    deliver()

    assert clear() == 0, "followers without a layer still have to read the revocation"
    assert Event.objects.filter(topic=f"user.{ana.pk}").exists()
    pass_grace()
    clear()
    pass_grace()
    clear()

    def left(person) -> list[bool]:
        key = str(person.pk)
        of_person = [model.objects.filter(person=key) for model in OF_A_PERSON]
        return [rows.exists() for rows in [Event.objects.filter(topic=f"user.{key}"), *of_person]]

    assert not any(left(ana))
    assert all(left(ben))
    assert Event.objects.filter(topic="open.1").count() == 1
    assert datetime.timedelta(minutes=1) > REMOVAL_GRACE * 2


OF_A_PERSON = (
    *(Subscription, Delivery, InboxState, InboxMark, Preference, Mute),
    *(QuietHoursRow, EmailDigest),
)


def test_a_last_email_that_was_not_sent_yet_survives_the_removal(ana, settings):
    leave(ana)
    drain()
    for _ in range(3):
        clear()
        pass_grace()
    assert not Event.objects.filter(topic=f"user.{ana.pk}").exists()
    deliver()
    assert [one.subject for one in mail.outbox] == ["goodbye"]


def test_other_revocations_remove_nothing(ana):
    tell(f"user.{ana.pk}", "hello")
    with transaction.atomic():
        revoke(ana.pk, "logout")
        revoke(ana.pk, "deactivated")
    drain()
    for _ in range(3):
        clear()
        pass_grace()
    assert Event.objects.filter(topic=f"user.{ana.pk}").count() == 3


def test_an_email_that_waits_for_its_grace_is_not_sent_to_a_deleted_user(ana):
    publish_now(f"user.{ana.pk}", Graced())
    deliver()
    leave(ana)
    make_due()
    deliver()
    assert [one.subject for one in mail.outbox] == ["goodbye"]
    assert Delivery.objects.get(type=Graced.type).error == "the account is gone"


def test_a_removal_noted_by_a_clock_that_was_ahead_is_not_put_off(ana):
    leave(ana)
    drain()
    clear()
    Row.objects.update(clearing_at=timezone.now() + datetime.timedelta(days=40))
    assert clear() == 1


def test_an_interrupted_removal_is_done_again(ana, monkeypatch):
    def die(users):
        raise KeyboardInterrupt

    leave(ana)
    drain()
    clear()
    pass_grace()
    with monkeypatch.context() as patch:
        patch.setattr("hub.worker.user_removal.remove_users", die)
        with pytest.raises(KeyboardInterrupt):
            clear()
    assert clear() == 1
