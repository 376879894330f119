"""What a socket needs of the process that it is served by, handed in rather than fetched."""

from typing import Protocol

from hub.broadcast.fanout import Fanout
from hub.broadcast.follower import Follower
from hub.concurrency.threads import DatabaseThreads
from hub.limits import Limits
from hub.policy import Policy
from hub.sockets.handshake_limit import HandshakeLimit
from hub.sockets.registry import ConnectionRegistry


class Ending(Protocol):
    """Whether the process is about to end."""

    begun: bool


class Services(Protocol):
    """The parts of a process that serve every one of its sockets.

    `database` runs checks and reads of the log, `rights` what a lost right calls for. `report`
    is told what kept a check from being made, `report_unsent` what a send raised.
    """

    policy: Policy
    limits: Limits
    database: DatabaseThreads
    rights: DatabaseThreads
    lobby: HandshakeLimit
    fanout: Fanout
    follower: Follower
    connections: ConnectionRegistry

    @property
    def shutdown(self) -> Ending: ...
    def report(self, error: Exception) -> None: ...
    def report_unsent(self, error: Exception) -> None: ...
