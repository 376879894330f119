"""The check of deliveries right before they are sent.

Events, users and preferences are read for a whole batch. The result must not be used for longer
than CHECK_VALID_SECONDS, so that a right or a preference that changes meanwhile is respected.
"""

from collections.abc import Collection

from hub.deliveries.confirmation import Unconfirmed
from hub.deliveries.holding import Holding
from hub.deliveries.means import Letter, Means, grace_of
from hub.events import frame_of
from hub.identity.users import find_users
from hub.inbox import seen_by
from hub.inbox.preferences import security_types, wants
from hub.models import Delivery, Event
from hub.policy import Policy

CHECK_VALID_SECONDS = 1.0


class SendCheck:
    """Says for each delivery of a batch what to send, or why nothing is sent."""

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
        people = {one.person for one in deliveries if not one.address}
        self._users = find_users(people)
        self._holding = Holding(people)
        self._wanted: set[int] = set()  # primary keys of deliveries
        self._seen: set[int] = set()
        for group in _by_event_and_means(deliveries):
            self._read_preferences(group)

    def letter(self, delivery: Delivery) -> Letter | str:
        """The letter, or the reason why none is sent.

        Raises Unconfirmed while the user's address is, Held where the letter is to go out later,
        and what the policy raises.
        """
        if delivery.address:  # a last delivery: the account is gone, nothing else can be asked
            frame = frame_of(delivery.frame)
            return Letter(delivery.reference, delivery.address, "", "", frame)
        if delivery.position not in self._events:
            return "the event was removed from the log"
        if delivery.person not in self._users:
            return "the account is gone"
        topic, tail = self._events[delivery.position]
        user = self._users[delivery.person]
        if self._policy.refusals(user, [topic]):
            return "the user may not receive this topic"
        if delivery.pk not in self._wanted:
            return "the user does not want it"
        if delivery.pk in self._seen:
            return "seen in the browser"
        address = self._means[delivery.means].address(user)
        if address is None:
            raise Unconfirmed
        if not address:
            return "the user has no address"
        frame = frame_of(tail)
        if frame["severity"] != "critical" and delivery.type not in security_types():
            self._holding.check(delivery)
        name = getattr(user, "get_full_name", str)() or user.get_username()
        return Letter(delivery.reference, address, delivery.person, name, frame)

    def digested_types(self, delivery: Delivery) -> set[str]:
        """The types that the user gets in one email with this delivery; empty if it goes alone."""
        return set() if delivery.address else self._holding.types_with(delivery)

    def _read_preferences(self, group: list[Delivery]) -> None:
        """Read the preferences of users who are to get one event by one means."""
        first = group[0]
        if first.position not in self._events:
            return
        topic, _ = self._events[first.position]
        users = {delivery.person for delivery in group}
        wanting = wants(users, first.type, self._means[first.means].preference, topic)
        seen = seen_by(users, first.position) if first.position and grace_of(first.type) else set()
        self._wanted.update(delivery.pk for delivery in group if delivery.person in wanting)
        self._seen.update(delivery.pk for delivery in group if delivery.person in seen)


def _by_event_and_means(deliveries: Collection[Delivery]) -> list[list[Delivery]]:
    groups: dict[tuple[int | None, str], list[Delivery]] = {}
    for delivery in deliveries:
        groups.setdefault((delivery.position, delivery.means), []).append(delivery)
    return list(groups.values())
