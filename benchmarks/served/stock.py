"""Stock Channels, as its tutorial writes it: a group, and JSON per client.

With an `auth` in the query, AuthMiddlewareStack stands in front.
"""

import json
import os
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for benchmarks, never for people",
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "channels",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(os.environ["HUB_VAR"], "stock.sqlite3"),
            "OPTIONS": {"timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"},
        }
    },
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": os.environ["STOCK_LAYER"],
            "CONFIG": {
                # redis-py 8 gives up a quiet connection after 5 s, and with it the core layer's
                # consumers; and it has at most 100 connections, one for each that waits.
                "hosts": [
                    {
                        "address": os.environ["REDIS_URL"],
                        "socket_timeout": None,
                        "max_connections": 100_000,
                    }
                ],
                # The core layer's 100 messages per process would drop most of what is sent here.
                **({"capacity": 10_000_000} if "core" in os.environ["STOCK_LAYER"] else {}),
            },
        }
    },
    USE_TZ=True,
)
django.setup()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from django.urls import path  # noqa: E402
from served.payload import event  # noqa: E402
from served.posting import answer, posted  # noqa: E402

GROUP = "bench"


class Notifications(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def told(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message["event"], separators=(",", ":")))


class ForUsers(Notifications):
    async def connect(self) -> None:
        assert self.scope["user"].is_authenticated
        await super().connect()


sockets = URLRouter(
    [
        path("ws/", Notifications.as_asgi()),
        path("ws/users/", AuthMiddlewareStack(ForUsers.as_asgi())),
    ]
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["type"] == "http":
        asked = await posted(receive)
        if asked:
            layer = get_channel_layer()
            for n in range(asked["first"], asked["first"] + asked["count"]):
                await layer.group_send(GROUP, {"type": "told", "event": json.loads(event(n))})
        await answer(send)
