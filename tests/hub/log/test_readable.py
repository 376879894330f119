"""A row that cannot be read stops nobody: it is numbered, logged once and passed over."""

import logging

import pytest
from django.utils import timezone

from hub import subscribe
from hub.events import data_of, encode_tail, frame_of
from hub.log import readable as readable_module
from hub.log.readable import UNREADABLE, read_row
from hub.models import Event, Subscription
from hub.publishing.control_events import RightsRevoked, SubscriptionChanged
from tests.hub.reader import inbox
from tests.hub.site import Site, Told, change_person, change_subscriptions, make_person, tell
from tests.numbering import drain


@pytest.fixture(autouse=True)
def first_time(monkeypatch):
    """Nothing was logged before, in this process."""
    logger = logging.getLogger("hub.log")
    monkeypatch.setattr(readable_module, "_once", readable_module.WarnOnce(logger))


def tail_of(event, topic="user.7"):
    return encode_tail(event, topic, timezone.now(), 16_384)


TOLD, REVOKED = tail_of(Told(text="a")), tail_of(RightsRevoked(reason="logout"))
SUBSCRIBED = tail_of(SubscriptionChanged(subject="open.1", on=True))


@pytest.mark.parametrize("tail", [TOLD, REVOKED, SUBSCRIBED])
def test_a_row_that_can_be_read_is_left_as_it_is(tail):
    type = frame_of(tail)["type"]
    assert read_row(3, "user.7", type, tail).tail == tail


def test_fields_that_a_newer_version_adds_are_no_hindrance():
    tail = SUBSCRIBED.replace('"data":{', '"later":1,"data":{"reason":"wished",')
    assert read_row(3, "user.7", SubscriptionChanged.type, tail).tail == tail


@pytest.mark.parametrize(
    ("topic", "type", "tail"),
    [
        ("user.7", Told.type, ""),
        ("user.7", Told.type, "damaged"),
        ("user.7", Told.type, TOLD[:-1]),
        ("user.7", Told.type, TOLD.replace('"title":"a"', '"title":1')),
        ("user.7", SubscriptionChanged.type, SUBSCRIBED.replace("subject", "object")),
        ("user.7", SubscriptionChanged.type, SUBSCRIBED.replace("open.1", "No Topic")),
        ("news", SubscriptionChanged.type, SUBSCRIBED),
    ],
)
def test_the_stand_in_of_a_row_that_cannot_be_read_is_shown_to_nobody(topic, type, tail, caplog):
    row = read_row(3, topic, type, tail)
    assert (row.position, row.topic, row.type) == (3, topic, UNREADABLE)
    frame = frame_of(row.tail)
    assert (frame["type"], frame["topic"], frame["title"]) == (UNREADABLE, topic, "")
    assert "position 3" in caplog.text


@pytest.mark.parametrize("tail", ["damaged", REVOKED.replace("reason", "cause")])
def test_a_revocation_that_cannot_be_read_has_every_topic_checked_again(tail):
    row = read_row(3, "user.7", RightsRevoked.type, tail)
    assert row.type == RightsRevoked.type
    assert data_of(row.tail)["reason"] == "permissions"


def test_rows_that_cannot_be_read_are_logged_once_per_type(caplog):
    for position in range(5):
        read_row(position, "user.7", Told.type, "damaged")
    assert len([one for one in caplog.records if "cannot be read" in one.message]) == 1


def insert(topic, type, tail):
    Event.objects.create(topic=topic, type=type, at=timezone.now(), frame=tail)


@pytest.mark.django_db(transaction=True)
@pytest.mark.both
def test_a_change_of_subscription_without_a_subject_does_not_stop_the_numbering():
    insert("user.7", SubscriptionChanged.type, SUBSCRIBED.replace("subject", "object"))
    insert("user.7", SubscriptionChanged.type, "damaged")
    change_subscriptions((subscribe, 8, "open.1"))
    assert [row.position for row in drain().rows] == [1, 2, 3]
    assert list(Subscription.objects.values_list("person", "topic")) == [("8", "open.1")]


@pytest.mark.django_db(transaction=True)
async def test_sockets_pass_over_what_cannot_be_read_and_check_again_for_a_lost_right(site: Site):
    ana = await site.run(make_person, "ana", is_staff=True)
    browser = await site.connect(ana, topics=["staff"])
    await site.run(insert, "staff", Told.type, "damaged")
    await site.tell("staff", "after")
    assert (await browser.expect("test.told"))["data"]["text"] == "after"
    await site.run(change_person, ana, is_staff=False)
    await site.run(insert, f"user.{ana.pk}", RightsRevoked.type, "damaged")
    await site.tell("open.1")
    assert (await browser.hear("topics"))["removed"] == ["staff"]


@pytest.mark.django_db(transaction=True)
def test_an_inbox_shows_everything_but_what_cannot_be_read():
    ana = make_person("ana")
    tell(f"user.{ana.pk}", "before")
    insert(f"user.{ana.pk}", Told.type, "damaged")
    tell(f"user.{ana.pk}", "after")
    drain()
    assert [item.frame["title"] for item in inbox(ana).page().items] == ["after", "before"]
