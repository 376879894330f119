"""The ASGI application of a project: its pages, the hub's socket, and sockets of its own."""

from collections.abc import Iterable
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path as route
from django.urls import re_path

from hub.paths import path_below_root
from hub.policy import Policy
from hub.runtime.application import SOCKET_PATH, HubApplication
from hub.runtime.asgi import Application, Receive, Scope, Send
from hub.sockets.consumer import HubConsumer


def asgi_application(
    django: Application,
    *,
    websocket: Iterable[Any] = (),
    path: str = SOCKET_PATH,
    policy: Policy | None = None,
    deliver: bool = False,
) -> HubApplication:
    """The outermost ASGI application: `application = hub.asgi_application(get_asgi_application())`.

    `django` serves HTTP. The hub's socket is at `path`, below the prefix that the site is served
    at; pages learn it. `websocket` are further routes, as Channels' URLRouter takes them.
    Handshakes for any other path are refused. `policy` and `deliver` are those of HubApplication.
    """
    sockets = socket_routes(path, websocket)
    return HubApplication(
        ProtocolTypeRouter({"http": django, "websocket": sockets}),
        policy=policy,
        deliver=deliver,
        socket_path=path,
    )


def socket_routes(path: str = SOCKET_PATH, further: Iterable[Any] = ()) -> Application:
    """Routes by the path below the root path, whether or not a proxy has stripped the latter."""
    hub = route(path.removeprefix("/"), HubConsumer.as_asgi())
    router = URLRouter([hub, *further, re_path("", _refuse)])  # type: ignore[arg-type]

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        await router({**scope, "path": path_below_root(scope), "root_path": ""}, receive, send)

    return routed


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse the handshake without a log line: anybody can request any path."""
    await receive()
    await send({"type": "websocket.close"})
