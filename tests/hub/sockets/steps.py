"""Steps that several tests of sockets take."""

import time
from contextlib import contextmanager

from django.db import transaction

from tests.hub.site import change_person, take_away


async def rest(browser, moment=0.15):
    """What comes until the server says nothing for a moment, in seconds."""
    frames = []
    while not await browser.receive_nothing(moment):
        frames.append(await browser.next())
    return frames


@contextmanager
def soon():
    """Well before the ten seconds after which a client that owes a pong is closed anyway."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 6


def change(*changes):
    """Commit (subscribe or unsubscribe, user, topic), all in one transaction."""
    with transaction.atomic():
        for verb, user, topic in changes:
            verb(user.pk, topic)


def demote(user):
    change_person(user, is_staff=False)
    take_away(user, "staff")


# A cache that nobody can reach: nothing listens on this port.
UNREACHABLE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:9",
    }
}


def vanish(user):
    """Delete the row; no signal is sent."""
    rows = type(user)._base_manager.filter(pk=user.pk)
    rows._raw_delete(rows.db)
