"""What one connection needs of its process, in one small bundle."""

from collections.abc import Callable

import msgspec

from hub.broadcast.fanout import Fanout
from hub.broadcast.follower import Follower
from hub.concurrency.threads import DatabaseThreads
from hub.limits import Limits
from hub.policy import Policy


class Services(msgspec.Struct, frozen=True):
    """`reader_threads` run checks and read the log; `recheck_threads` run what cannot wait.

    `report` takes the error that kept a check from being made.
    """

    policy: Policy
    limits: Limits
    reader_threads: DatabaseThreads
    recheck_threads: DatabaseThreads
    fanout: Fanout
    follower: Follower
    report: Callable[[Exception], None]
