"""django-eventstream: server-sent events, published by its own function from a sync view."""

import json
import os
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for benchmarks, never for people",
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=["django_eventstream"],
    ROOT_URLCONF="served.eventstream_app",
    DATABASES={},
    USE_TZ=True,
)
django.setup()

import django_eventstream  # noqa: E402
from asgiref.sync import sync_to_async  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402
from served.payload import event  # noqa: E402
from served.posting import answer, posted  # noqa: E402

urlpatterns = [path("events/", include(django_eventstream.urls), {"channels": ["bench"]})]
pages = get_asgi_application()
assert os.environ["HUB_VAR"]


def publish(first: int, count: int) -> None:
    for n in range(first, first + count):
        django_eventstream.send_event("bench", "message", json.loads(event(n)))


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http" and not scope["path"].startswith("/events/"):
        asked = await posted(receive)
        if asked:
            await sync_to_async(publish)(**asked)
        await answer(send)
    else:
        await pages(scope, receive, send)
