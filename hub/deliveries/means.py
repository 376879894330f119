"""A means: one way to reach a person outside of the browser, such as e-mail.

What `send` raises decides what becomes of the delivery:

MeansError
 ├─ Refused     it will never be taken: given up at once
 └─ Deferred    it was certainly not taken this time: tried again later

Any other exception leaves open whether it was taken. It is tried again, with the same reference,
and counted as a possible repeat.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from hub.errors import HubError
from hub.events import EventType, declared_types, event_types

DEFAULT = ["hub.deliveries.email.Email"]


class MeansError(HubError):
    """A means did not take a delivery; the text is kept with it, for staff."""


class Refused(MeansError):
    pass


class Deferred(MeansError):
    pass


class Letter(msgspec.Struct, frozen=True):
    """What is to be sent. `reference` is the same in each attempt, `frame` the event as stored.

    `person` is the primary key as text, empty for somebody whose account is gone; so is `name`.
    """

    reference: str
    address: str
    person: str
    name: str
    frame: dict[str, Any]


class Means(ABC):
    """Subclass it and name it in `settings.HUB_MEANS`.

    `open`, `send` and `close` run in one thread of the worker; only one worker works at a time.
    """

    name: ClassVar[str]  # stored with each delivery, at most 16 characters
    preference: ClassVar[Literal["toast", "inbox", "email"]] = "email"  # the choice it obeys

    def carries(self, kind: type[EventType]) -> bool:
        """Whether events of this class go out by this means at all."""
        return kind.mail

    @abstractmethod
    def address(self, person: Any) -> str:
        """Where an instance of the user model is reached; empty: nowhere."""

    def compose(self, letter: Letter) -> Any:
        """What `send` will be given. Raises Refused where it can never be sent."""
        return letter

    def open(self) -> None:  # noqa: B027 (nothing to do unless it is overridden)
        """Get ready to send; called before each letter, and raises where that cannot be done."""

    @abstractmethod
    def send(self, composed: Any) -> None:
        """Hand one over; returns when the other side has taken it. Raises as above."""

    def close(self) -> None:  # noqa: B027
        """Nothing more to send for now."""


def load_means() -> list[Means]:
    """The means of this project; raises ImproperlyConfigured for what is none."""
    paths = getattr(settings, "HUB_MEANS", DEFAULT)
    return [_load(path)() for path in paths]


def _load(path: str) -> type[Means]:
    try:
        found = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"settings.HUB_MEANS: {path}: {error}") from error
    if not isinstance(found, type) or not issubclass(found, Means):
        raise ImproperlyConfigured(f"settings.HUB_MEANS: {path} is no hub.deliveries.Means")
    return found


def carried(means: list[Means]) -> dict[str, list[Means]]:
    """By type: the means that its events go out by.

    The log knows types, not classes: where classes share a name, all of them must be carried.
    """
    classes: dict[str, list[type[EventType]]] = {}
    for kind in declared_types():
        classes.setdefault(kind.type, []).append(kind)
    ways = {
        type: [one for one in means if all(one.carries(kind) for kind in kinds)]
        for type, kinds in classes.items()
    }
    return {type: ways_of_type for type, ways_of_type in ways.items() if ways_of_type}


def grace_of(type: str) -> float:
    """Seconds in which a person may see an event of this type in the browser instead."""
    kind = event_types().get(type)
    return kind.grace if kind is not None else 0.0
