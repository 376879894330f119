"""Preferences by type and means, and mutes."""

from typing import ClassVar

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hub import EventType, publish
from hub.errors import BadTopic
from hub.inbox.preferences import (
    MAX_MUTES,
    MEANS,
    Choice,
    PreferenceError,
    choose,
    defaults,
    forget_preferences,
    hidden_types,
    mute,
    mutes_of,
    preferences_of,
    unmute,
    wants,
)
from hub.models import Mute, Preference
from hub.models.chunks import USERS_PER_STATEMENT
from hub.topics import user_topic
from hub.ui.event_filter import event_filters
from tests.hub.reader import counts, texts
from tests.hub.site import Told, Warned, make_person
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


class Mailed(EventType, frozen=True):
    type: ClassVar[str] = "test.mailed"
    mail: ClassVar[bool] = True

    def title(self) -> str:
        return "mailed"


class Unspoken(EventType, frozen=True):
    type: ClassVar[str] = "test.unspoken"


class _Shared(EventType, frozen=True):
    type: ClassVar[str] = "test.shared"


class SharedForStaff(_Shared, frozen=True):
    def title(self) -> str:
        return "for staff"


class SharedForPerson(_Shared, frozen=True):
    mail: ClassVar[bool] = True

    def title(self) -> str:
        return "for you"


def test_by_default_a_type_is_toasted_and_kept_and_emailed_if_it_says_so():
    assert defaults()["test.told"] == Choice(toast=True, inbox=True, email=False)
    assert defaults()["test.mailed"] == Choice(toast=True, inbox=True, email=True)


def test_a_type_without_a_title_cannot_be_chosen():
    assert {"test.unspoken", "inbox.changed", "subscription.changed", "rights.revoked"} <= (
        hidden_types()
    )
    assert not hidden_types() & set(defaults())
    assert wants([1], "test.unspoken", "toast") == set()
    with pytest.raises(PreferenceError, match="no events"):
        choose(1, {"test.unspoken": {"inbox": True}})


def test_classes_that_share_a_name_are_one_type():
    assert defaults()["test.shared"].email
    assert "test.shared" not in hidden_types()


def test_a_type_no_longer_declared_is_shown_and_not_emailed():
    assert wants([1], "test.long_gone", "inbox") == {1}
    assert wants([1], "test.long_gone", "email") == set()


def test_wants_returns_the_keys_as_they_were_given():
    choose(2, {"test.told": {"toast": False}})
    assert wants([1, 2, "x"], "test.told", "toast") == {1, "x"}
    assert wants([1, 2], "test.told", "inbox") == {1, 2}
    assert wants([], "test.told", "inbox") == set()


def test_emails_can_be_switched_off_and_on_again():
    choose(1, {"test.mailed": {"email": False}})
    assert wants([1, 2], "test.mailed", "email") == {2}
    choose(1, {"test.mailed": {"email": True}})
    assert wants([1, 2], "test.mailed", "email") == {1, 2}
    assert Preference.objects.count() == 1


def test_emails_cannot_be_chosen_for_a_type_that_has_none():
    with pytest.raises(PreferenceError, match="no emails"):
        choose(1, {"test.told": {"toast": False, "email": True}})
    assert not Preference.objects.exists()


def test_choices_that_are_not_named_stay():
    choose(1, {"test.told": {"toast": False}})
    choose(1, {"test.mailed": {"inbox": False}, "test.told": {}})
    chosen = preferences_of(1)
    assert chosen["test.told"] == Choice(toast=False, inbox=True, email=False)
    assert chosen["test.mailed"] == Choice(toast=True, inbox=False, email=True)
    assert chosen.keys() == defaults().keys()


def test_mutes_count_for_every_means():
    mute(1, topic="open.a")
    mute(2, type=Mailed.type)
    mute(3, topic="open.a", type=Told.type)
    people = [1, 2, 3, 4]
    for means in ("toast", "inbox", "email"):
        assert wants(people, Mailed.type, means, "open.a") == {3, 4}
        assert wants(people, Mailed.type, means, "open.b") == {1, 3, 4}
        assert wants(people, Mailed.type, means) == {1, 3, 4}
    assert wants(people, Told.type, "inbox", "open.a") == {2, 4}


def test_a_mute_is_stored_once_and_can_be_removed():
    mute(1, topic="open.a")
    mute(1, topic="open.a")
    mute(1, topic="open.a", type=Told.type)
    assert mutes_of(1) == [("open.a", ""), ("open.a", "test.told")]
    unmute(1, topic="open.a")
    unmute(1, topic="open.a")
    assert mutes_of(1) == [("open.a", "test.told")]


def test_a_mute_names_something_that_exists():
    with pytest.raises(PreferenceError, match="name a topic or a type"):
        mute(1)
    with pytest.raises(PreferenceError, match="no events"):
        mute(1, type="test.unspoken")
    with pytest.raises(BadTopic):
        mute(1, topic="Open A")


def test_the_number_of_mutes_is_bounded():
    Mute.objects.bulk_create(Mute(person="1", topic=f"open.t{n}") for n in range(MAX_MUTES))
    with pytest.raises(PreferenceError, match="1,000"):
        mute(1, topic="open.one_more")
    mute(1, topic="open.t7")  # there already


def test_many_users_are_queried_in_chunks():
    choose(7, {"test.mailed": {"email": False}})
    with CaptureQueriesContext(connection) as captured:
        wanted = wants(range(3 * USERS_PER_STATEMENT), "test.mailed", "email", "open.a")
    assert wanted == set(range(3 * USERS_PER_STATEMENT)) - {7}
    assert len(captured) == 6


def test_the_choices_of_a_deleted_user_are_removed():
    for person in (1, 2):
        choose(person, {"test.told": {"toast": False}})
        mute(person, topic="open.a")
    forget_preferences([1])
    assert Preference.objects.get().person == Mute.objects.get().person == "2"


def test_a_users_own_topic_is_muted_by_type_only():
    with pytest.raises(PreferenceError, match="mute a type"):
        mute(7, topic="user.7")
    mute(7, topic="user.7", type="test.told")
    assert mutes_of(7) == [("user.7", "test.told")]


def test_what_was_stored_against_a_security_notice_counts_nowhere():
    ana = make_person()
    own = user_topic(ana.pk)
    key = {"person": str(ana.pk), "type": "test.warned"}
    Preference.objects.bulk_create(Preference(**key, means=means, wanted=False) for means in MEANS)
    Mute.objects.bulk_create([Mute(**key, topic=""), Mute(**key, topic=own)])
    with transaction.atomic():
        publish(Warned(text="somebody signed in"), own)
    drain()
    assert texts(ana) == ["somebody signed in"]
    assert counts(ana) == (1, 1)
    assert wants([ana.pk], "test.warned", "inbox", own) == {ana.pk}
    assert "test.warned" not in event_filters(ana.pk)["toast"]
