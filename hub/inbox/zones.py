"""Time zones by name, as browsers and users give them."""

import datetime
import zoneinfo

from django.utils import timezone


def find_zone(name: str) -> datetime.tzinfo | None:
    """The zone of this name, such as "Europe/Berlin"; None for any other text."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


def zone_of(name: str) -> datetime.tzinfo:
    """The zone of this name; the site's for any other text."""
    return find_zone(name) or timezone.get_default_timezone()
