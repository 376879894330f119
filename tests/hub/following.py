"""What a follower meets: layers of all kinds, rows and batches of other processes."""

import datetime
import threading

from channels.layers import get_channel_layer
from django.db import connection
from django.utils import timezone

from hub.broadcast.layer import GROUP
from hub.broadcast.signing import Signer
from hub.events import encode_tail
from hub.log.row import row_of
from hub.models import Event
from tests.hub.site import Told
from tests.numbering import drain


def use_layer(settings, name, **config):
    backend = f"tests.hub.layers.{name}"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": config}}


def insert(topic, text):
    """What a process without a server does: the row, and nobody is woken."""
    now = timezone.now()
    tail = encode_tail(Told(text=text), topic, now, 16_384)
    Event.objects.create(topic=topic, type=Told.type, at=now, frame=tail)


def age(event):
    """Seconds since it was inserted."""
    at = datetime.datetime.fromisoformat(event["at"])
    return (timezone.now() - at).total_seconds()


def in_another_thread(work, *args):
    def run():
        try:
            work(*args)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)


def number_silently(*texts):
    """Rows that another process has numbered; no hint of them arrives. The rows."""

    def write():
        for text in texts:
            insert("open.1", text)
        rows.extend(drain().rows)

    rows = []
    in_another_thread(write)
    return rows


def row(position, topic="open.1", text="x"):
    tail = encode_tail(Told(text=text), topic, timezone.now(), 16_384)
    return row_of(position, topic, Told.type, tail)


async def send(batch):
    await get_channel_layer().group_send(GROUP, Signer().sign(batch))
