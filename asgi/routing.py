"""The site's WebSockets."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from hub.consumers import HubConsumer
from hub.paths import path_below_root


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Refuse the handshake without a log line: anybody can request any path."""
    await receive()
    await send({"type": "websocket.close"})


_router = URLRouter([path("ws/", HubConsumer.as_asgi()), re_path("", refuse)])


async def websockets(scope: Any, receive: Any, send: Any) -> None:
    """Routes by the path below the root path, whether or not a proxy has stripped the latter."""
    await _router({**scope, "path": path_below_root(scope), "root_path": ""}, receive, send)
