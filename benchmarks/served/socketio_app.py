"""python-socketio with its Redis manager."""

import json
import os
from typing import Any

import socketio
from served.payload import event
from served.posting import answer, posted

manager = socketio.AsyncRedisManager(os.environ["REDIS_URL"])
server = socketio.AsyncServer(async_mode="asgi", client_manager=manager)
sockets = socketio.ASGIApp(server)


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http" and not scope["path"].startswith("/socket.io/"):
        asked = await posted(receive)
        if asked:
            for n in range(asked["first"], asked["first"] + asked["count"]):
                await server.emit("told", json.loads(event(n)))
        await answer(send)
    else:
        await sockets(scope, receive, send)
