"""The moments that a page offers to snooze until, as they are in the reader's zone."""

import datetime

from django.utils import timezone

MORNING = 9  # o'clock


def moment_of(choice: str, written: str, zone: datetime.tzinfo) -> datetime.datetime:
    """The moment of a choice: "hour", "tomorrow", "week", or "moment", which is `written`.

    Raises ValueError for any other choice, and for a text that is no moment.
    """
    now = timezone.now().astimezone(zone)
    match choice:
        case "hour":
            return now + datetime.timedelta(hours=1)
        case "tomorrow":
            return _morning(now, days=1)
        case "week":
            return _morning(now, days=7 - now.weekday())
        case "moment":
            moment = datetime.datetime.fromisoformat(written)
            return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    raise ValueError(f"no moment is called {choice[:20]!r}")


def _morning(now: datetime.datetime, days: int) -> datetime.datetime:
    day = now.date() + datetime.timedelta(days=days)
    return datetime.datetime.combine(day, datetime.time(MORNING), now.tzinfo)
