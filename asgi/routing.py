"""Every WebSocket of the site."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from hub.consumers import HubConsumer


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Refuses the handshake, quietly: anyone may ask for any path."""
    await receive()
    await send({"type": "websocket.close"})


websockets = URLRouter([path("ws/", HubConsumer.as_asgi()), re_path("", nowhere)])
