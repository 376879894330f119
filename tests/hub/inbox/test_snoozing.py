"""Snoozed events: away, and back at their moment or with news of the same subject."""

import datetime
from typing import ClassVar

import pytest
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Replace
from django.utils import timezone

from hub.events import EventType
from hub.inbox import SnoozeError, flags_of, has_seen, mark, mark_all, snooze, undo
from hub.inbox.marks import REMINDER_GRACE
from hub.models import Event, InboxException
from hub.publishing.publisher import publish
from hub.worker.reminding import remind_due
from tests.hub.reader import changes, counts, follow, inbox, texts, told
from tests.hub.site import SitePolicy, change_person, make_person
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)


class Priced(EventType, frozen=True):
    type: ClassVar[str] = "test.priced"
    price: str

    def title(self) -> str:
        return f"Now {self.price}"

    def url(self) -> str:
        return "/mug/"

    def key(self) -> str:
        return "mug"


def priced(topic: str, price: str) -> int:
    with transaction.atomic():
        publish(Priced(price=price), topic)
    drain()
    position = Event.objects.filter(type="test.priced").order_by("-position").first().position
    assert position is not None
    return int(position)


def snooze_for(user, span: datetime.timedelta, *positions: int) -> str:
    token = snooze(user.pk, positions, timezone.now() + span)
    drain()
    return token


def come_due(by: datetime.timedelta = datetime.timedelta(seconds=1)) -> None:
    """Let the moment of all that is snoozed have passed."""
    InboxException.objects.filter(until__isnull=False).update(until=timezone.now() - by)


def wake() -> None:
    come_due()
    remind_due(SitePolicy())
    drain()


def test_what_is_snoozed_is_away_and_listed_by_itself(ana):
    a, _ = told(f"user.{ana.pk}", "a", "b")
    snooze_for(ana, HOUR, a)
    assert (texts(ana), texts(ana, "unread"), texts(ana, "snoozed")) == (["b"], ["b"], ["a"])
    assert counts(ana) == (1, 1)
    assert has_seen(ana.pk, a)
    assert changes()[-1] == {"what": "snoozed", "on": True, "position": a, "through": False}


def test_its_moment_brings_it_back_on_top_as_a_reminder_to_be_seen(ana):
    a, _ = told(f"user.{ana.pk}", "a", "b")
    snooze_for(ana, HOUR, a)
    assert not remind_due(SitePolicy())
    wake()
    assert texts(ana) == ["Reminder: a", "b"]
    assert (texts(ana, "snoozed"), texts(ana, "archived")) == ([], [])
    assert counts(ana) == (2, 2)
    wake()
    assert texts(ana) == ["Reminder: a", "b"]


def test_a_reminder_has_link_and_subject_and_can_be_snoozed_again(ana):
    snooze_for(ana, HOUR, priced(f"user.{ana.pk}", "1"))
    wake()
    [item] = inbox(ana).page().items
    assert (item.frame["title"], item.frame["url"]) == ("Reminder: Now 1", "/mug/")
    assert item.frame["key"] == "mug"
    snooze_for(ana, HOUR, item.position)
    wake()
    assert texts(ana) == ["Reminder: Now 1"]


def test_news_of_the_same_subject_bring_it_back(ana):
    follow(ana, "open.mug")
    first = priced("open.mug", "3")
    other = told(f"user.{ana.pk}", "other")[0]
    snooze_for(ana, HOUR, first, other)
    assert texts(ana) == []
    priced("open.mug", "2")
    assert texts(ana) == ["Now 2", "Now 3"]
    assert texts(ana, "snoozed") == ["other"]
    wake()
    assert texts(ana) == ["Reminder: other", "Now 2", "Now 3"]


def test_a_reminder_that_is_snoozed_comes_back_with_news_of_its_subject(ana):
    follow(ana, "open.mug")
    snooze_for(ana, HOUR, priced("open.mug", "3"))
    wake()
    snooze_for(ana, HOUR, inbox(ana).page().items[0].position)
    assert texts(ana) == []
    priced("open.mug", "2")
    assert texts(ana) == ["Now 2", "Reminder: Now 3"]


def test_it_can_be_undone_and_ended(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    assert undo(ana.pk, snooze_for(ana, HOUR, a, b))
    assert texts(ana) == ["b", "a"]
    snooze_for(ana, HOUR, a)
    mark(ana.pk, "snoozed", a, on=False)
    assert texts(ana) == ["b", "a"]
    wake()
    assert texts(ana) == ["b", "a"]


def test_archiving_all_leaves_what_is_snoozed(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    snooze_for(ana, HOUR, a)
    mark_all(ana.pk, "archived", b)
    assert (texts(ana, "snoozed"), texts(ana, "archived")) == (["a"], ["b"])
    wake()
    assert texts(ana) == ["Reminder: a"]


def test_nothing_comes_back_of_what_the_user_may_no_longer_receive():
    admin = make_person("admin", is_staff=True)
    follow(admin, "staff")
    [a] = told("staff", "a")
    snooze_for(admin, HOUR, a)
    change_person(admin, is_staff=False)
    wake()
    assert not Event.objects.filter(type="inbox.reminder").exists()
    assert not flags_of(admin.pk, a).snoozed


def test_a_reminder_goes_with_the_right_to_what_it_brings_back():
    admin = make_person("admin", is_staff=True)
    follow(admin, "staff")
    [a] = told("staff", "a")
    [mine] = told(f"user.{admin.pk}", "mine")
    snooze_for(admin, HOUR, a, mine)
    wake()
    both = {"Reminder: a", "Reminder: mine"}
    assert set(texts(admin)) == both
    found = Event.objects.get(type="inbox.reminder", frame__contains="Reminder: a").position
    change_person(admin, is_staff=False)
    admin.refresh_from_db()
    assert texts(admin) == ["Reminder: mine"]
    assert inbox(admin).find(found) is None
    change_person(admin, is_staff=True)
    admin.refresh_from_db()
    assert set(texts(admin)) == both


def test_a_reminder_that_another_version_wrote_breaks_no_page(ana):
    [a] = told(f"user.{ana.pk}", "a")
    Event.objects.filter(position=a).update(type="inbox.reminder")
    Event.objects.update(frame=Replace("frame", Value("test.told"), Value("inbox.reminder")))
    assert texts(ana) == ["a"]


def test_what_a_deleted_user_snoozed_does_not_come_back():
    gone = make_person("gone")
    [a, b] = told(f"user.{gone.pk}", "a", "b")
    snooze_for(gone, HOUR, a, b)
    type(gone).objects.filter(pk=gone.pk)._raw_delete("default")
    wake()
    assert not Event.objects.filter(type="inbox.reminder").exists()
    assert not InboxException.objects.filter(until__isnull=False).exists()


def test_without_a_worker_it_is_back_in_its_place_after_a_minute(ana):
    a, _ = told(f"user.{ana.pk}", "a", "b")
    snooze_for(ana, HOUR, a)
    come_due(REMINDER_GRACE + MINUTE)
    assert texts(ana) == ["b", "a"]
    assert remind_due(SitePolicy()) is False
    drain()
    assert texts(ana) == ["Reminder: a", "b"]


def test_a_reminder_that_cannot_be_made_leaves_the_event_in_its_place(ana, caplog):
    a, b = told(f"user.{ana.pk}", "a", "b")
    snooze_for(ana, HOUR, a, b)
    Event.objects.filter(position=a).update(frame='"title":1}')
    wake()
    assert texts(ana)[0] == "Reminder: b"
    assert not flags_of(ana.pk, a).snoozed


def test_a_moment_that_is_past_or_too_far_is_refused(ana):
    [a] = told(f"user.{ana.pk}", "a")
    with pytest.raises(SnoozeError, match="still to come"):
        snooze_for(ana, -HOUR, a)
    with pytest.raises(SnoozeError, match="It is kept until"):
        snooze_for(ana, datetime.timedelta(days=400), a)
    with pytest.raises(ValueError, match="until a moment"):
        mark(ana.pk, "snoozed", a)
    assert texts(ana) == ["a"]
