"""The hub's limits: one struct, filled from `settings.HUB`, in seconds, bytes and counts."""

import math
import resource
from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

MAX_DESCRIPTORS = 1_000_000  # where the system sets no limit


def _half_of_the_descriptors() -> int:
    """The other half is for requests, databases, files, and sockets that are about to close."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, (MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft) // 2)


OTHER_SETTINGS = {
    "BASE_TEMPLATE",
    "HINTS",
    "HINTS_URL",
    "METRICS_TOKEN",
    "POLICY",
    "SITE_NAME",
    "SITE_URL",
}  # names in `settings.HUB` that are no limits


class Limits(msgspec.Struct, frozen=True, rename="upper", forbid_unknown_fields=True):
    """Every limit of the hub. `HUB = {"PING": 10}` in settings changes one."""

    frame_in: int = 64 * 1024  # bytes of one incoming frame
    frame_out: int = 16 * 1024  # bytes of one event's frame
    rate: int = 20  # incoming frames per second
    burst: int = 60  # incoming frames at once
    bytes_rate: int = 256 * 1024  # incoming bytes per second
    requests: int = 200  # HTTP requests in flight in one process
    body: int = 10 * 1024 * 1024  # bytes of an HTTP request's body, unless HUB_BODIES says more
    statement: float = 30.0  # seconds for one database statement of an HTTP request
    topics: int = 128  # topics of a connection besides the user's own
    connections: int = 10  # per user and process
    sockets: int = msgspec.field(default_factory=_half_of_the_descriptors)  # per process
    address_sockets: int = 200  # per address and process
    visitor_share: float = 0.8  # of the sockets: for clients that are not signed in
    window_events: int = 256  # unanswered events of one connection
    window_bytes: int = 1024 * 1024  # unanswered bytes of one connection
    process_bytes: int = 256 * 1024 * 1024  # unanswered bytes of all connections
    ring_events: int = 10_000  # newest events kept in memory
    ring_bytes: int = 16 * 1024 * 1024
    replay: int = 2_000  # events sent to a returning client at most
    hello: float = 10.0  # seconds until the first frame
    ping: float = 25.0  # seconds between pings
    pong: float = 10.0  # seconds to answer one
    ticket_age: int = 300  # seconds
    retention_days: int = 90


# The first limit must not be above the second; the text says what happens if it is.
ORDER = [
    ("FRAME_IN", "BYTES_RATE", "a frame of the allowed size closes its connection with 4029"),
    ("FRAME_OUT", "WINDOW_BYTES", "one event is more than a window holds"),
    (
        "FRAME_OUT",
        "RING_BYTES",
        "one event empties the ring, and every connection reads the database",
    ),
    ("WINDOW_BYTES", "PROCESS_BYTES", "one slow reader takes more than the process may hold"),
]


def other_setting(name: str, default: str) -> str:
    """One of OTHER_SETTINGS in `settings.HUB`, else the default."""
    given: Any = getattr(settings, "HUB", {})
    return str(given[name]) if isinstance(given, dict) and name in given else default


def load_limits() -> Limits:
    """The limits of this project. Raises ImproperlyConfigured with the name of a wrong setting."""
    given: Any = getattr(settings, "HUB", {})
    configured = given
    if isinstance(given, dict):
        configured = {name: given[name] for name in given if name not in OTHER_SETTINGS}
    try:
        limits = msgspec.convert(configured, Limits)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"settings.HUB: {error}") from error
    for name, value in msgspec.structs.asdict(limits).items():
        if not 0 < value < math.inf:  # False for nan, too
            raise ImproperlyConfigured(
                f"settings.HUB[{name.upper()!r}] must be a number above 0: {value}"
            )
    return limits


def contradictions(limits: Limits) -> list[str]:
    """Pairs of limits that are each valid but contradict each other; one line per pair."""
    values = {name.upper(): value for name, value in msgspec.structs.asdict(limits).items()}
    return [
        f"{small} ({values[small]}) is above {large} ({values[large]}): {then}"
        for small, large, then in ORDER
        if values[small] > values[large]
    ]
