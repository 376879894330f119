"""What one connection needs of its process, in one small bundle."""

from collections.abc import Callable

import msgspec

from hub.broadcast.fanout import Fanout
from hub.broadcast.follower import Follower
from hub.limits import Limits
from hub.metrics.sockets import SocketMeter
from hub.policy import Policy
from hub.sockets.hello_checks import HelloChecks
from hub.sockets.policy_threads import PolicyThreads


class Services(msgspec.Struct, frozen=True):
    """`reader_threads` run checks and read the log; `recheck_threads` run what cannot wait.

    `report` takes the error that kept a check from being made.
    """

    policy: Policy
    limits: Limits
    reader_threads: PolicyThreads
    recheck_threads: PolicyThreads
    hello_checks: HelloChecks
    fanout: Fanout
    follower: Follower
    meter: SocketMeter
    report: Callable[[Exception], None]
