"""A means: one way to reach a user outside the browser, such as email.

The exception that `send` raises decides what becomes of the delivery:

MeansError
 ├─ Refused     it will never be accepted: given up at once
 └─ Deferred    it was certainly not accepted this time: tried again later

Any other exception leaves open whether it was accepted. Such a delivery is tried again with the
same reference, and counted as a possible repeat.
"""

import datetime
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from hub.errors import HubError
from hub.events import EventType, declared_types, event_types

DEFAULT_MEANS = ["hub.deliveries.email.Email"]
MAX_NAME = 16  # characters of a means' name; the width of the database's column


class MeansError(HubError):
    """A means did not accept a delivery; the text is stored with it, for staff."""


class Refused(MeansError):
    pass


class Deferred(MeansError):
    pass


class Letter(msgspec.Struct, frozen=True):
    """What is to be sent. `reference` is the same in each attempt; `frame` is the stored event.

    `person` is the user's primary key as text. It and `name` are empty if the account is gone.
    """

    reference: str
    address: str
    person: str
    name: str
    frame: dict[str, Any]


class Means(ABC):
    """Subclass it and name it in `settings.HUB_MEANS`.

    `open`, `send` and `close` run in one thread of each worker, on an instance of its own.
    """

    name: ClassVar[str]  # stored with each delivery, at most MAX_NAME characters
    preference: ClassVar[Literal["toast", "inbox", "email"]] = "email"  # the preference it respects
    digests: ClassVar[bool] = False  # whether it can send several letters to a user in one

    def carries(self, kind: type[EventType]) -> bool:
        """Whether this means sends events of this class at all."""
        return kind.mail

    @abstractmethod
    def address(self, person: Any) -> str | None:
        """The address of an instance of the user model; empty if it has none.

        None: it is not confirmed yet, and what is sent to the user waits (see `Policy.address`).
        """

    def compose_digest(self, letters: list[Letter]) -> Any:
        """What `send` is given for several letters to one user, oldest first; with `digests` only.

        The reference of the first one stands for all.
        """
        raise NotImplementedError

    def compose(self, letter: Letter) -> Any:
        """What `send` is given. Raises Refused for a letter that can never be sent."""
        return letter

    def open(self) -> None:  # noqa: B027 (overriding it is optional)
        """Get ready to send. Called before each letter; raises if nothing can be sent now."""

    @abstractmethod
    def send(self, composed: Any) -> None:
        """Hand one over. Returns once the other side has accepted it. Raises as described above."""

    def close(self) -> None:  # noqa: B027
        """Release what `open` opened: there is nothing more to send for now."""


def load_means() -> list[Means]:
    """The means of this project. Raises ImproperlyConfigured if the setting names anything else."""
    paths = getattr(settings, "HUB_MEANS", DEFAULT_MEANS)
    found = [_load(path)() for path in paths]
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise ImproperlyConfigured(f"settings.HUB_MEANS: two means have the same name: {names}")
    return found


def _load(path: str) -> type[Means]:
    try:
        found = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"settings.HUB_MEANS: {path}: {error}") from error
    if not isinstance(found, type) or not issubclass(found, Means):
        raise ImproperlyConfigured(f"settings.HUB_MEANS: {path} is not a hub.deliveries.Means")
    name: Any = getattr(found, "name", None)
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= MAX_NAME:
        raise ImproperlyConfigured(
            f"settings.HUB_MEANS: {path}.name must have 1 to {MAX_NAME} characters: {name!r}"
        )
    name = getattr(found, "name", "")
    if not 0 < len(name) <= MAX_NAME:
        raise ImproperlyConfigured(
            f"settings.HUB_MEANS: the name of {path} has 1 to {MAX_NAME} characters, not {name!r}"
        )
    return found


def carried(means: list[Means]) -> dict[str, list[Means]]:
    """The means that send events of each type, by type name.

    The log knows types, not classes: if several classes share a type, a means sends the type only
    if it carries all of them.
    """
    classes: dict[str, list[type[EventType]]] = {}
    for kind in declared_types():
        classes.setdefault(kind.type, []).append(kind)
    ways = {
        type: [one for one in means if all(one.carries(kind) for kind in kinds)]
        for type, kinds in classes.items()
    }
    return {type: ways_of_type for type, ways_of_type in ways.items() if ways_of_type}


def is_bulk(type: str, has_many_recipients: bool) -> bool:
    """Whether deliveries of an event of this type wait for all that are not bulk."""
    kind = event_types().get(type)
    declared = kind.mail_bulk if kind is not None else None
    return has_many_recipients if declared is None else declared


def pause_of(type: str) -> datetime.timedelta:
    """How long after an email of this type a user gets no further one of it."""
    kind = event_types().get(type)
    return datetime.timedelta(seconds=kind.mail_pause if kind is not None else 0.0)


def grace_of(type: str) -> float:
    """Seconds during which a user may see an event of this type in the browser instead."""
    kind = event_types().get(type)
    return kind.grace if kind is not None else 0.0
