"""Emails that wait: for the end of a user's quiet hours, or for their next digest."""

import datetime
from collections.abc import Collection

from django.utils import timezone

from hub.errors import HubError
from hub.inbox.digests import Digest, digests_of_many, last_sending, next_sending
from hub.inbox.quiet_hours import QuietHours, quiet_hours_of_many
from hub.inbox.zones import zone_of
from hub.models import Delivery

QUIET = "held until the end of the user's quiet hours"
DIGEST = "held for the user's next digest"
REASONS = (QUIET, DIGEST)
LONGEST_HOLD = datetime.timedelta(hours=25)  # a day, on which the clocks may be put back


class Held(HubError):
    """It is not sent before `until`; the text says why."""

    def __init__(self, until: datetime.datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until


class Holding:
    """What a batch of users have chosen."""

    def __init__(self, people: Collection[str]) -> None:
        self._quiet = quiet_hours_of_many(people)
        self._digests = digests_of_many(people)

    def types_with(self, delivery: Delivery) -> set[str]:
        """The types that are in one digest with this delivery; empty if it goes out by itself."""
        if self._every(delivery) == "now":
            return set()
        return {type for person, type in self._digests if person == delivery.person}

    def check(self, delivery: Delivery) -> None:
        """Raises Held if the delivery waits. What is critical is not asked about."""
        now = timezone.now()
        quiet = self._quiet.get(delivery.person)
        every, zone = self._every(delivery), _zone(quiet)
        if every != "now" and delivery.created_at >= last_sending(every, zone, now):
            raise Held(next_sending(every, zone, now), DIGEST)
        if quiet is not None and (end := quiet.end(now)) is not None:
            raise Held(end, QUIET)

    def _every(self, delivery: Delivery) -> Digest:
        return self._digests.get((delivery.person, delivery.type), "now")


def _zone(quiet: QuietHours | None) -> datetime.tzinfo:
    return zone_of(quiet.zone if quiet is not None else "")
