"""Counts what the sockets of one process are sent and acknowledge, and how they begin and end."""

from collections import Counter

COMPLETE = "complete"  # a client that was welcomed and has missed nothing
# Close codes that are told apart: those of RFC 6455 that servers report, and the hub's own.
CODES = frozenset(range(1000, 1016)) | frozenset(range(4000, 5000))
OTHER_CODE = 0
MAX_CODES = 50  # a client chooses its code: further ones count as OTHER_CODE


class SocketMeter:
    """The totals of one process since it began. Belongs to one event loop.

    `events_sent` and `events_acknowledged` are logged events, one for each socket.
    """

    def __init__(self) -> None:
        self.events_sent = 0
        self.events_acknowledged = 0
        # By outcome: COMPLETE, or why the stream began anew.
        self.welcomes: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()  # by code

    def welcomed(self, reason: str | None) -> None:
        """`reason`: why the stream began anew; None: nothing is missing."""
        self.welcomes[reason or COMPLETE] += 1

    def closed(self, code: int | None) -> None:
        """A socket ended, whoever closed it; None: without a code."""
        known = code in CODES and (code in self.closes or len(self.closes) < MAX_CODES)
        self.closes[code if known and code is not None else OTHER_CODE] += 1
