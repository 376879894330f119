"""Close codes: one table that says why a connection ends, and whether the client comes back."""

import random

import msgspec


class CloseCode(msgspec.Struct, frozen=True):
    """How a connection ends: the code, and the reason in its goodbye.

    `retry`: milliseconds, from and to, after which a client comes back. Each client draws a time
    of its own: clients that are sent away together must not come back together.
    """

    code: int
    reason: str
    retry: tuple[int, int] = (500, 2_000)

    @property
    def reconnect(self) -> bool:
        """4000 to 4499 come back, 4500 to 4999 do not."""
        return self.code < 4500


NO_HELLO = CloseCode(4000, "protocol")
SLOW = CloseCode(4008, "slow")
RESTART = CloseCode(4012, "restart", (500, 5_000))
NEW_EPOCH = CloseCode(4012, "epoch", (500, 5_000))
LIMITS = CloseCode(4013, "limits", (10_000, 12_000))
# The database is away for a moment, a policy failed, or too many handshakes are in progress. The
# client comes back soon, and waits longer each time, since clients back off by themselves.
UNCHECKED = CloseCode(4013, "limits", (1_000, 5_000))
FLOOD = CloseCode(4029, "limits", (10_000, 12_000))
TICKET_EXPIRED = CloseCode(4401, "ticket")
BAD_FRAME = CloseCode(4500, "protocol")
BAD_TICKET = CloseCode(4501, "ticket")
PASSWORD = CloseCode(4501, "password")
FOREIGN_ORIGIN = CloseCode(4503, "origin")
DELETED = CloseCode(4510, "deleted")
DEACTIVATED = CloseCode(4510, "deactivated")
LOGGED_OUT = CloseCode(4510, "logout")

# A revocation's reason and how it ends the user's sockets. For any other reason they stay, and
# their topics are checked again.
REVOKED = {
    "logout": LOGGED_OUT,
    "password": PASSWORD,
    "deactivated": DEACTIVATED,
    "deleted": DELETED,
}


def retry_ms(code: CloseCode) -> int | None:
    """How long the client waits before it comes back, drawn anew each time. None: it does not."""
    if not code.reconnect:
        return None
    return random.randint(*code.retry)
