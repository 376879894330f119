import datetime
import json
import pkgutil
from decimal import Decimal
from importlib import import_module
from typing import Any, ClassVar

import pytest

import hub
from hub import EventType
from hub.errors import BadEvent, FrameTooLarge, PublishError
from hub.events import RESERVED, encode_tail, ephemeral_text, event_text, event_types

NOON = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)
LIMIT = 16 * 1024


class Framed(EventType, frozen=True):
    type: ClassVar[str] = "test.framed"
    text: Any = "hello"
    link: Any = ""
    buttons: Any = ()
    picture: Any = None
    same: Any = None

    def title(self):
        return "Framed"

    def url(self):
        return self.link

    def actions(self):
        return list(self.buttons)

    def image(self):
        return self.picture

    def key(self):
        return self.same


def frame_of(event, position=7, limit=LIMIT, at=NOON):
    return json.loads(event_text(position, encode_tail(event, "news", at, limit)))


def test_a_frame_carries_the_events_fields_as_data():
    assert frame_of(Framed(text="äöü")) == {
        "op": "event",
        "id": 7,
        "type": "test.framed",
        "topic": "news",
        "at": "2026-11-20T12:00:00.000000Z",
        "severity": "info",
        "title": "Framed",
        "body": "",
        "url": "",
        "data": {"text": "äöü", "link": "", "buttons": [], "picture": None, "same": None},
    }


def test_times_are_in_utc():
    there = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    at = datetime.datetime(2026, 1, 1, 2, 0, 0, 123456, tzinfo=there)
    assert frame_of(Framed(), at=at)["at"] == "2025-12-31T20:30:00.123456Z"


def test_an_ephemeral_event_has_no_position():
    frame = json.loads(ephemeral_text(encode_tail(Framed(), "news", NOON, LIMIT)))
    assert frame["op"] == "event"
    assert "id" not in frame


def test_key_image_and_actions_are_optional():
    assert not {"key", "image", "actions"} & frame_of(Framed()).keys()
    full = frame_of(Framed(same="k", picture="/i.png", buttons=[{"label": "Go", "url": "/go/"}]))
    assert full["key"] == "k"
    assert full["image"] == "/i.png"
    assert full["actions"] == [{"label": "Go", "url": "/go/"}]


def test_a_frame_above_the_limit_is_refused_and_one_at_the_limit_is_not():
    size = len(encode_tail(Framed(text="ä" * 100), "news", NOON, LIMIT).encode()) + 1
    assert frame_of(Framed(text="ä" * 100), limit=size)
    with pytest.raises(FrameTooLarge, match=f"takes {size} bytes, the bound is {size - 1}"):
        encode_tail(Framed(text="ä" * 100), "news", NOON, size - 1)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",  # browsers drop tabs and line ends first
        "/\n/elsewhere.example",
        "products/",
        7,
    ],
)
def test_a_link_must_lead_into_this_site(link):
    for event in (
        Framed(link=link),
        Framed(picture=link),
        Framed(buttons=[{"label": "Go", "url": link}]),
    ):
        with pytest.raises(BadEvent, match="a path of this site"):
            encode_tail(event, "news", NOON, LIMIT)


@pytest.mark.parametrize("buttons", [[{"label": "no url"}], ["/go/"], [{"url": "/go/"}]])
def test_an_action_needs_a_label_and_a_link(buttons):
    with pytest.raises(BadEvent):
        encode_tail(Framed(buttons=buttons), "news", NOON, LIMIT)


@pytest.mark.parametrize("value", [object(), {1: {2, object()}}, "\ud800"])
def test_a_value_that_json_cannot_hold_is_refused(value):
    with pytest.raises(BadEvent, match=r"test\.framed"):
        encode_tail(Framed(text=value), "news", NOON, LIMIT)


def test_a_decimal_becomes_text_so_that_no_cent_is_lost():
    assert frame_of(Framed(text=Decimal("29.90")))["data"]["text"] == "29.90"


def test_a_severity_is_one_of_the_four():
    class Loud(EventType, frozen=True):
        type: ClassVar[str] = "test.loud"
        severity: ClassVar[str] = "shouting"

    with pytest.raises(BadEvent, match="severity 'shouting'"):
        encode_tail(Loud(), "news", NOON, LIMIT)


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_type_has_a_name_that_fits_its_column(name):
    class Unnamed(EventType, frozen=True):
        type: ClassVar[str] = name

    with pytest.raises(BadEvent, match=r"Unnamed\.type must be 1 to 64 characters"):
        encode_tail(Unnamed(), "news", NOON, LIMIT)


@pytest.mark.parametrize("event", ["text", None, Framed])
def test_only_an_instance_of_an_event_type_can_be_encoded(event):
    with pytest.raises(BadEvent, match="an instance of an EventType subclass"):
        encode_tail(event, "news", NOON, LIMIT)


def test_a_publish_error_is_a_value_error():
    assert issubclass(BadEvent, PublishError)
    assert issubclass(PublishError, ValueError)


@pytest.mark.parametrize(
    ("field", "kind"), [("key", str), ("title", str), ("url", str), ("type", str), ("mail", bool)]
)
def test_a_field_must_not_have_the_name_of_an_attribute(field, kind):
    with pytest.raises(
        BadEvent, match=f"Mistaken: '{field}' is an attribute of every event.*rename"
    ):
        type("Mistaken", (EventType,), {"__annotations__": {field: kind}})


def test_fields_are_recognised_with_annotations_as_text():
    """The annotations of a module with `from __future__ import annotations` are text."""
    with pytest.raises(BadEvent, match="'image'"):
        type("Mistaken", (EventType,), {"__annotations__": {"image": "str | None"}})

    class Fine(EventType):
        type: "ClassVar[str]" = "test.fine"
        keys: "str" = "k"

    assert frame_of(Fine())["data"] == {"keys": "k"}


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        *((name, "the hub itself") for name in sorted(RESERVED)),
        ("test.framed", f"{__name__}.Framed"),
    ],
)
def test_a_name_is_declared_once_and_the_hubs_own_are_reserved(name, owner):
    with pytest.raises(BadEvent, match=f"'{name}' is declared by {owner}; give one of them"):
        type("Doubled", (EventType,), {"type": name})


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_every_reserved_name_is_a_type_of_the_hub(name):
    for module in pkgutil.walk_packages(hub.__path__, "hub."):
        if module.name.split(".")[1] in {"inbox", "metrics", "publishing", "testing"}:
            import_module(module.name)
    assert event_types()[name].__module__.startswith("hub.")


def test_a_subclass_inherits_its_name():
    class Louder(Framed):
        severity: ClassVar[str] = "warning"

    assert frame_of(Louder())["type"] == "test.framed"


def test_a_reloaded_class_keeps_its_name():
    def load():
        class Reloaded(EventType):
            type: ClassVar[str] = "test.reloaded"

        return Reloaded

    assert load() is not load()
