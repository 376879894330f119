"""A briefing: what must be known of some deliveries right before they are sent.

Events, people and wishes are read for all of them together; it is good for FRESH seconds, so
that a right or a wish that changes meanwhile is obeyed.
"""

from collections.abc import Collection

from hub.deliveries.means import Letter, Means, grace_of
from hub.events import frame_of
from hub.identity.users import find_users
from hub.inbox import seen_by
from hub.inbox.preferences import wants
from hub.models import Delivery, Event
from hub.policy import Policy

FRESH = 1.0  # seconds


class Briefing:
    """`letter` says what is to be sent, or why nothing is."""

    def __init__(
        self, deliveries: Collection[Delivery], means: dict[str, Means], policy: Policy
    ) -> None:
        self._means = means
        self._policy = policy
        positions = {one.position for one in deliveries}
        events = Event.objects.filter(position__in=positions - {None})
        self._events: dict[int | None, tuple[str, str]] = {
            position: (topic, frame)
            for position, topic, frame in events.values_list("position", "topic", "frame")
        }
        self._people = find_users({one.person for one in deliveries if not one.address})
        self._willing: set[int] = set()
        self._seen: set[int] = set()
        for some in _alike(deliveries):
            self._ask(some)

    def letter(self, delivery: Delivery) -> Letter | str:
        """The letter, or why none is to be sent. Raises what the policy raises."""
        if delivery.address:  # a last delivery: nobody else is to be asked
            frame = frame_of(delivery.frame)
            return Letter(delivery.reference, delivery.address, "", "", frame)
        if delivery.position not in self._events:
            return "the event was removed from the log"
        if delivery.person not in self._people:
            return "the account is gone"
        topic, tail = self._events[delivery.position]
        person = self._people[delivery.person]
        if self._policy.refusals(person, [topic]):
            return "the person may not hear it"
        if delivery.pk not in self._willing:
            return "the person does not want it"
        if delivery.pk in self._seen:
            return "seen in the browser"
        address = self._means[delivery.means].address(person)
        if not address:
            return "the person has no address"
        name = getattr(person, "get_full_name", str)() or person.get_username()
        return Letter(delivery.reference, address, delivery.person, name, frame_of(tail))

    def _ask(self, some: list[Delivery]) -> None:
        """Wishes of people who are due one event by one means."""
        one = some[0]
        if one.position not in self._events:
            return
        topic, _ = self._events[one.position]
        people = {delivery.person for delivery in some}
        willing = wants(people, one.type, self._means[one.means].preference, topic)
        seen = seen_by(people, one.position) if one.position and grace_of(one.type) else set()
        self._willing.update(delivery.pk for delivery in some if delivery.person in willing)
        self._seen.update(delivery.pk for delivery in some if delivery.person in seen)


def _alike(deliveries: Collection[Delivery]) -> list[list[Delivery]]:
    groups: dict[tuple[int | None, str], list[Delivery]] = {}
    for delivery in deliveries:
        groups.setdefault((delivery.position, delivery.means), []).append(delivery)
    return list(groups.values())
