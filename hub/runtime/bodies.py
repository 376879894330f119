"""A limit for the bodies of HTTP requests, before Django writes them to a disk.

Django reads a whole body into a temporary file before any view or middleware looks at the request.
Daphne does the same before its application is called, so there the limit spares the second file
only; a proxy in front refuses such a body first.
"""

from http import HTTPStatus

from django.conf import settings

from hub.paths import path_below_root
from hub.runtime.asgi import Application, Message, Receive, Scope, Send, respond


class BodyLimit:
    """Answers 413 to a request whose body is larger than the limit of its path.

    The limit is `HUB["BODY"]`, or that of the longest prefix in `HUB_BODIES` that the path has. A
    body that announces its length is refused at once, one that does not when it passes the limit.
    WebSockets go through untouched.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        limit = limit_of(path_below_root(scope), scope["hub"].limits.body)
        if announced_length(scope) > limit:
            await _refuse(send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received <= limit:
                return message
            await _refuse(send)
            return {"type": "http.disconnect"}  # Django gives the request up, without a word

        await self._application(scope, receive_within_limit, send)


def limit_of(path: str, default: int) -> int:
    """The most bytes of a body that a path accepts."""
    limits: dict[str, int] = getattr(settings, "HUB_BODIES", {})
    fitting = [prefix for prefix in limits if path.startswith(prefix)]
    return limits[max(fitting, key=len)] if fitting else default


def announced_length(scope: Scope) -> int:
    """What Content-Length says; 0 if it is missing or no number."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def _refuse(send: Send) -> None:
    close = (b"connection", b"close")  # what is left of the body is not read
    text = "the request is too large\n"
    await respond(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text, close)
