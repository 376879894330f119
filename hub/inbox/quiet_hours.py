"""The hours of each day in which a user is told what is critical only.

Toasts that are not critical are then in the inbox only, and emails go out at the end. In all
functions `person` is a user's primary key.
"""

import datetime
from collections.abc import Collection
from typing import Any

import msgspec
from django.db import router, transaction

from hub.inbox.changes import publish_preferences_change
from hub.inbox.preferences import PreferenceError
from hub.inbox.zones import find_zone, zone_of
from hub.models import QuietHours as Row
from hub.models.chunks import in_chunks

MAX_ZONE = 64  # characters; the width of the database's column


class QuietHours(msgspec.Struct, frozen=True):
    """From `begins` to `ends`, over midnight if that is earlier, by the clocks of `zone`."""

    begins: datetime.time
    ends: datetime.time
    zone: str

    def end(self, now: datetime.datetime) -> datetime.datetime | None:
        """When the quiet hours end that `now`, an aware time, is in; None outside of them."""
        local = now.astimezone(zone_of(self.zone))
        time, is_over_midnight = local.time(), self.ends < self.begins
        if is_over_midnight:
            is_quiet = time >= self.begins or time < self.ends
        else:
            is_quiet = self.begins <= time < self.ends
        if not is_quiet:
            return None
        days = 1 if is_over_midnight and time >= self.begins else 0
        day = local.date() + datetime.timedelta(days=days)
        return datetime.datetime.combine(day, self.ends, local.tzinfo)


def quiet_hours_of(person: object) -> QuietHours | None:
    return quiet_hours_of_many([str(person)]).get(str(person))


def quiet_hours_of_many(people: Collection[str]) -> dict[str, QuietHours]:
    """Those of the users (primary keys as text) who have any."""
    found: dict[str, QuietHours] = {}
    for keys in in_chunks(sorted(people)):
        rows: Any = Row.objects.filter(person__in=keys)
        rows = rows.values_list("person", "begins", "ends", "zone")
        found |= {person: QuietHours(*hours) for person, *hours in rows}
    return found


def set_quiet_hours(person: object, hours: QuietHours | None) -> None:
    """Store a user's quiet hours, or remove them; told to their open tabs.

    Raises PreferenceError for an unknown zone, hours with an offset, and such that begin when they
    end.
    """
    if hours is not None:
        if len(hours.zone) > MAX_ZONE or find_zone(hours.zone) is None:
            raise PreferenceError(f"there is no time zone {hours.zone[:MAX_ZONE]!r}")
        if hours.begins.tzinfo or hours.ends.tzinfo:
            raise PreferenceError("quiet hours are by the clocks of their zone, without an offset")
        if hours.begins == hours.ends:
            raise PreferenceError("quiet hours cannot begin when they end")
    with transaction.atomic(using=router.db_for_write(Row)):
        if quiet_hours_of(person) == hours:
            return
        if hours is None:
            Row.objects.filter(person=str(person)).delete()
        else:
            Row.objects.update_or_create(person=str(person), defaults=msgspec.structs.asdict(hours))
        publish_preferences_change(person)


def forget_quiet_hours(people: Collection[Any]) -> None:
    """Remove those of deleted users."""
    for keys in in_chunks([str(key) for key in people]):
        Row.objects.filter(person__in=keys).delete()
