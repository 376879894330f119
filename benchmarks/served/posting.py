"""The smallest ASGI answers: what was posted, and that it was done."""

import json
from typing import Any


async def posted(receive: Any) -> dict[str, Any]:
    """The JSON of a request; empty for one without a body, such as a probe."""
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    found: dict[str, Any] = json.loads(body or b"{}")
    return found


async def answer(send: Any) -> None:
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"{}"})
