"""Event types: an event's name, its data, and its text for users.

An event is encoded once, when it is published, without its position, which is not known yet.
The stored *tail* is everything after `{"op":"event","id":N,`; `event_text` joins the two.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import msgspec

from hub.errors import BadEvent, FrameTooLarge

SEVERITIES = ("info", "success", "warning", "critical")
MAX_TYPE = 64  # characters; the width of the database's column

# `//host` and `/\host` lead to another site. So does either with a tab or a line end in between,
# because browsers drop those first.
_OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x1f]*\Z")


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """The base class of event types. A subclass has a name, fields and a title.

    `type` is the dotted name on the wire, `severity` one of SEVERITIES. The fields become the
    frame's `data`; they must be JSON types (send a Decimal as text). The methods must use only the
    fields: they run inside the caller's transaction and must not query.

    Each name is declared once; classes that share a name inherit it. A field must not have the name
    of an attribute or a method below. The class statement raises BadEvent otherwise.

        class OrderReceived(EventType):
            type: ClassVar[str] = "order.received"
            number: str

            def title(self) -> str:
                return f"Order {self.number} received"
    """

    type: ClassVar[str] = ""
    # What pages call this kind of event, such as "Price drops"; empty: the words of its name.
    type_label: ClassVar[str] = ""
    # The title of one toast for several, such as "Prices dropped on {count} products"; empty: the
    # label and the number.
    summary: ClassVar[str] = ""
    # Whether a toast keeps its body when a later event with the same key replaces it, because the
    # body tells what was before.
    keep_body: ClassVar[bool] = False
    severity: ClassVar[str] = "info"
    # Whether users who made no choice get an email. It is sent after `grace` seconds, unless the
    # user has seen the event in a browser by then. Without grace it is always sent.
    mail: ClassVar[bool] = False
    grace: ClassVar[float] = 0.0
    # The email's templates, `<name>.txt` and `<name>.html`; empty: the hub's, which fit any event.
    mail_template: ClassVar[str] = ""
    # Seconds after an email of this type in which a user gets no further one of it.
    mail_pause: ClassVar[float] = 0.0
    # Whether users may choose to get its emails hourly or daily, several in one.
    mail_digest: ClassVar[bool] = True
    # Whether users have no choice about it: a notice that protects their account. It is published
    # to their own topics.
    security: ClassVar[bool] = False
    # Whether it is never published, but only sent to an address by `hub.deliveries.deliver_to`.
    only_mail: ClassVar[bool] = False
    # Whether its emails wait for all that are not bulk. None: if the event has many recipients.
    mail_bulk: ClassVar[bool | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _check_fields(cls)
        _check_name(cls)

    def title(self) -> str:
        """One line, shown first. Empty: the event is not shown to users."""
        return ""

    def body(self) -> str:
        """A sentence or two below the title."""
        return ""

    def url(self) -> str:
        """The link: a path of this site, or empty."""
        return ""

    def key(self) -> str | None:
        """A later event with the same key replaces the earlier one on screen."""
        return None

    def image(self) -> str | None:
        """A path of this site to a small picture."""
        return None

    def actions(self) -> list[dict[str, str]]:
        """What a toast offers: links, and buttons that post.

        `[{"label": …, "url": …}]`; a button has `"method": "post"` as well. A toast with actions
        stays until it is closed.
        """
        return []


# Names of the hub's own types, whether or not their modules are loaded.
RESERVED = frozenset(
    {
        *("inbox.changed", "inbox.reminder", "metrics.sample", "rights.revoked"),
        *("subscription.changed", "test.fence", "topic.closed"),
    }
)
# Type name -> the class that declares it.
_owners: dict[str, str] = {}


def _check_fields(cls: type[EventType]) -> None:
    for field in cls.__dict__["__slots__"]:  # this class's own fields, as msgspec stores them
        if not field.startswith("_") and hasattr(EventType, field):
            raise BadEvent(
                f"{_path_of(cls)}: {field!r} is an attribute of every event and cannot be a field; "
                f"rename the field, or write `{field}: ClassVar[…] = …` or a method to set it"
            )


def _check_name(cls: type[EventType]) -> None:
    declared = cls.__dict__.get("type")
    if not declared:
        return
    if declared in RESERVED and not cls.__module__.startswith("hub."):
        owner = "the hub itself"
    else:
        # Compared by path, so that a reloaded module may declare its types again.
        owner = _owners.setdefault(declared, _path_of(cls))
    if owner != _path_of(cls):
        raise BadEvent(
            f"{_path_of(cls)}: the type {declared!r} is declared by {owner}; give one of them "
            "another name, or let both inherit it from one class"
        )


def _path_of(cls: type[EventType]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def type_label(type: str) -> str:
    """What pages call a type: its label, else its name: "stock.low" is "Stock: low"."""
    label = getattr(event_types().get(type), "type_label", "")
    return str(label) or type.replace(".", ": ").replace("_", " ").capitalize()


def event_types() -> dict[str, type[EventType]]:
    """Every declared type by name. Classes that share a name count as one type."""
    return {one.type: one for one in declared_types()}


def declared_types() -> Iterator[type[EventType]]:
    """Every class with a type. Several may share a name by inheritance."""
    waiting = EventType.__subclasses__()
    while waiting:
        one = waiting.pop()
        waiting.extend(one.__subclasses__())
        if one.type:
            yield one


_encoder = msgspec.json.Encoder()


def encode_tail(
    event: EventType, topic: str, at: datetime.datetime, limit: int, origin: str = ""
) -> str:
    """Encode an event as the rest of a JSON object: without the opening brace, up to `}`.

    `at` is an aware datetime, `limit` the frame's limit in bytes, `origin` the name of the session
    that publishes. Raises BadEvent for an event that
    cannot be shown or encoded, FrameTooLarge above the limit.
    """
    _check(event)
    frame: dict[str, Any] = {
        "type": event.type,
        "topic": topic,
        "at": at.astimezone(datetime.UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        "severity": event.severity,
        "title": event.title(),
        "body": event.body(),
        "url": event.url(),
        "data": msgspec.structs.asdict(event),
    }
    optional = {
        "key": event.key(),
        "keep_body": event.keep_body,
        "actions": event.actions(),
        "image": event.image(),
        "origin": origin,
    }
    frame |= {name: value for name, value in optional.items() if value}
    _check_links(event, frame)
    try:
        encoded = _encoder.encode(frame)
    except (TypeError, ValueError) as error:
        raise BadEvent(f"{event.type} has a value that JSON cannot hold: {error}") from error
    if len(encoded) > limit:
        raise FrameTooLarge(f"{event.type} takes {len(encoded)} bytes, the bound is {limit}")
    return encoded[1:].decode()


_OPENING = '{"op":"event",'


def event_text(position: int, tail: str) -> str:
    """The complete frame of a logged event."""
    return f'{_OPENING}"id":{position},{tail}'


def events_text(texts: Iterable[str]) -> str:
    """One frame for several events; `texts` are their complete frames."""
    events = ",".join("{" + text[len(_OPENING) :] for text in texts)
    return f'{{"op":"events","events":[{events}]}}'


def ephemeral_text(tail: str) -> str:
    """The complete frame of an ephemeral event, which has no position."""
    return _OPENING + tail


def data_of(tail: str) -> dict[str, Any]:
    """The `data` of a stored event."""
    data: dict[str, Any] = frame_of(tail)["data"]
    return data


def frame_of(tail: str) -> dict[str, Any]:
    """The stored event, without its position."""
    frame: dict[str, Any] = msgspec.json.decode("{" + tail)
    return frame


def _check(event: EventType) -> None:
    if not isinstance(event, EventType):
        raise BadEvent(f"publish an instance of an EventType subclass, not {event!r}")
    if not event.type or len(event.type) > MAX_TYPE:
        raise BadEvent(
            f"{type(event).__name__}.type must be 1 to {MAX_TYPE} characters, is {event.type!r}"
        )
    if event.severity not in SEVERITIES:
        raise BadEvent(f"{event.type}: severity {event.severity!r} is not one of {SEVERITIES}")


def _check_links(event: EventType, frame: dict[str, Any]) -> None:
    """Refuse links that do not lead into this site, such as `javascript:` or another host."""
    for action in frame.get("actions", ()):
        if not isinstance(action, dict) or not action.get("label"):
            raise BadEvent(f"{event.type}: an action is {{'label': …, 'url': …}}, not {action!r}")
        if action.get("method", "get") not in ("get", "post"):
            raise BadEvent(f"{event.type}: an action's method is 'get' or 'post': {action!r}")
        _check_link(event, action.get("url"))
    for link in (frame["url"], frame.get("image")):
        if link:
            _check_link(event, link)


def is_own_path(link: object) -> bool:
    """Whether a link is a path of this site, wherever a browser would go."""
    return isinstance(link, str) and _OWN_PATH.match(link) is not None


def _check_link(event: EventType, link: object) -> None:
    if not is_own_path(link):
        raise BadEvent(f"{event.type}: a link must be a path of this site, not {link!r}")
