"""The site's WebSockets."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from hub.consumers import HubConsumer


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Refuse the handshake without a log line: anybody can request any path."""
    await receive()
    await send({"type": "websocket.close"})


websockets = URLRouter([path("ws/", HubConsumer.as_asgi()), re_path("", refuse)])
