import threading
from typing import ClassVar

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hub import EventType, publish, publish_ephemeral, publish_many
from hub.errors import BadEvent, BadTopic, FrameTooLarge, NotAtomic
from hub.events import data_of
from hub.models import Event
from hub.publishing.publisher import committed, ephemeral
from tests.hub.site import Told, Warned

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def texts():
    rows = Event.objects.order_by("id").values_list("frame", flat=True)
    return [data_of(frame)["text"] for frame in rows]


@pytest.fixture
def heard():
    """What the relays of this process would receive."""
    signals = []

    def on_commit(**kwargs):
        signals.append("committed")

    def on_ephemeral(topic, type, key, tail, **kwargs):
        signals.append((topic, type, key))

    committed.connect(on_commit)
    ephemeral.connect(on_ephemeral)
    yield signals
    committed.disconnect(on_commit)
    ephemeral.disconnect(on_ephemeral)


def test_publishing_outside_a_transaction_raises_and_writes_nothing():
    with pytest.raises(NotAtomic, match="atomic"):
        publish(Told(), "news")
    with pytest.raises(NotAtomic):
        publish_many([])
    assert not Event.objects.exists()


def test_a_committed_event_is_in_the_log_without_a_position():
    with transaction.atomic():
        publish(Told(text="one"), "news")
    row = Event.objects.get()
    assert (row.topic, row.type, row.position) == ("news", "test.told", None)
    assert data_of(row.frame)["text"] == "one"


def test_a_rolled_back_transaction_leaves_nothing_and_wakes_nobody(heard):
    with pytest.raises(LookupError), transaction.atomic():
        publish(Told(), "news")
        raise LookupError
    assert not Event.objects.exists()
    assert heard == []


def test_a_rolled_back_savepoint_takes_its_events_with_it():
    with transaction.atomic():
        publish(Told(text="kept"), "news")
        with pytest.raises(LookupError), transaction.atomic():
            publish(Told(text="dropped"), "news")
            raise LookupError
    assert texts() == ["kept"]


def test_relays_are_woken_after_the_commit_and_not_before(heard):
    with transaction.atomic():
        publish(Told(), "news")
        assert heard == []
    assert heard == ["committed"]


def test_relays_are_woken_even_if_another_hook_fails(heard):
    def fail():
        raise LookupError("a project's own hook")

    with transaction.atomic():
        transaction.on_commit(fail, robust=True)
        publish(Told(), "news")
    assert heard == ["committed"]


def test_one_event_is_one_statement():
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        publish(Told(), "news")
    assert [query["sql"].split()[0] for query in queries] == ["INSERT"]


def test_many_events_are_one_statement_and_keep_their_order():
    wanted = [str(n) for n in range(50)]
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        publish_many((Told(text=text), "news") for text in wanted)
    inserts = [query for query in queries if query["sql"].startswith("INSERT")]
    assert len(inserts) == 1
    assert texts() == wanted


@pytest.mark.parametrize(
    ("event", "topic", "error"),
    [
        (Told(), "News!", BadTopic),
        (Told(), None, BadTopic),
        (Warned(), "org.7", BadTopic),  # users may mute it
        ("told", "news", BadEvent),
        (None, "news", BadEvent),
        (Told, "news", BadEvent),
        (Told(text="x" * 20_000), "news", FrameTooLarge),
    ],
)
def test_an_invalid_event_or_topic_is_refused_and_nothing_is_written(event, topic, error):
    with transaction.atomic():
        with pytest.raises(error):
            publish_many([(Told(), "news"), (event, topic)])
        assert not Event.objects.exists()
    with pytest.raises(error):
        publish_ephemeral(event, topic)


def test_the_limit_of_a_frame_is_a_setting(settings):
    settings.HUB = {"FRAME_OUT": 300}
    with transaction.atomic():
        publish(Told(), "news")
        with pytest.raises(FrameTooLarge, match="the bound is 300"):
            publish(Told(text="x" * 300), "news")


def test_a_title_that_raises_writes_nothing():
    class Untitled(EventType, frozen=True):
        type: ClassVar[str] = "test.untitled"

        def title(self):
            raise LookupError("in a project's own code")

    with pytest.raises(LookupError), transaction.atomic():
        publish(Untitled(), "news")
    assert not Event.objects.exists()


def test_an_ephemeral_event_is_sent_at_once_and_leaves_no_row(heard):
    publish_ephemeral(Told(same="k"), "news")
    assert heard == [("news", "test.told", "k")]
    assert not Event.objects.exists()


def test_inside_a_transaction_an_ephemeral_event_waits_for_the_commit(heard):
    with transaction.atomic():
        publish_ephemeral(Told(), "news")
        assert heard == []
    assert heard == [("news", "test.told", "")]


def test_an_ephemeral_event_of_a_rolled_back_change_is_never_sent(heard):
    with pytest.raises(LookupError), transaction.atomic():
        publish_ephemeral(Told(), "news")
        raise LookupError
    assert heard == []


def test_an_event_is_invisible_to_others_until_its_commit():
    seen = []

    def look():
        try:
            seen.append(Event.objects.count())
        finally:
            connection.close()

    with transaction.atomic():
        publish(Told(), "news")
        other = threading.Thread(target=look)
        other.start()
        other.join(10)
    assert seen == [0]
