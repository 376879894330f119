"""The project's application whole, with a way in that publishes as a view would."""

# ruff: noqa: I001 - Django must be set up before anything imports models.

import asyncio
import importlib
import json
import threading
import time
from typing import Any, ClassVar

from asgi.application import application as project  # first: it sets Django up
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from served.payload import PAD

from hub import EventType, publish_many

PREFIX = "/bench/"
PUBLIC = "product.1"


class Told(EventType, frozen=True):
    type: ClassVar[str] = "bench.told"
    n: int  # counts the events of its topic
    pad: str = PAD

    def title(self) -> str:
        return "Told"


def publish(first: int, count: int) -> None:
    """One transaction of `count` events to everybody."""
    with transaction.atomic():
        publish_many([(Told(n), PUBLIC) for n in range(first, first + count)])


def publish_to(topics: list[str], per: int) -> float:
    """An event to each of these topics, `per` of them in a transaction; seconds until committed."""
    counts: dict[str, int] = {}
    began = time.monotonic()
    for start in range(0, len(topics), per):
        with transaction.atomic():
            events = []
            for topic in topics[start : start + per]:
                number = counts.get(topic, 0)
                counts[topic] = number + 1
                events.append((Told(number), topic))
            publish_many(events)
    connection.close()
    return time.monotonic() - began


def pace(topics: list[str], rate: float) -> list[float]:
    """An event to each of these topics, `rate` a second; the monotonic time of each commit."""
    counts: dict[str, int] = {}
    committed = []
    began, never = time.monotonic(), threading.Event()
    for number, topic in enumerate(topics):
        never.wait(max(0.0, began + number / rate - time.monotonic()))
        count = counts.get(topic, 0)
        counts[topic] = count + 1
        with transaction.atomic():
            publish_many([(Told(count), topic)])
        committed.append(time.monotonic())
    connection.close()
    return committed


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
        await project(scope, receive, send)
        return
    body = b""
    while (part := await receive())["type"] == "http.request":
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    asked = json.loads(body)
    match scope["path"].removeprefix(PREFIX):
        case "publish":
            answer: Any = await sync_to_async(publish)(**asked)
        case "publish_to":
            answer = await asyncio.to_thread(publish_to, **asked)
        case "pace":
            answer = await asyncio.to_thread(pace, **asked)
        case name:  # a module of this package with a function `measure`
            module = importlib.import_module(f"served.{name}")
            answer = await sync_to_async(module.measure)(**asked)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
