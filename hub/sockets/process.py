"""What the sockets of one process share."""

from collections.abc import Callable

import msgspec

from hub.identity.address import TrustedProxies
from hub.sockets.handshake_limit import HandshakeLimit
from hub.sockets.registry import ConnectionRegistry
from hub.sockets.services import Services
from hub.sockets.stepping import Stepper


class SocketProcess(msgspec.Struct, frozen=True):
    """Built by the runtime; the consumer finds it as `scope["hub"].sockets`.

    `is_ending`: whether the process says goodbye to everybody. `report_unsent` takes what a send
    raised, `report_unwatched` a server's connection below which nothing can be counted.
    """

    services: Services
    connections: ConnectionRegistry
    trusted_proxies: TrustedProxies
    handshake_limit: HandshakeLimit
    is_ending: Callable[[], bool]
    stepper: Stepper
    report_unsent: Callable[[BaseException], None]
    report_unwatched: Callable[[object], None]
