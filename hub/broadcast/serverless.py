"""Ephemeral events of a process without a server: a command, a Celery task, a WSGI site.

They are collected and sent by a thread, so that a command that publishes many is not slowed down
by the way to them, and only the latest event of each key is sent. The thread lives while there is
something to send. It is not a daemon: a process that ends in order sends what it has.
"""

import asyncio
import logging
import os
import secrets
import threading
import time
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from hub import log
from hub.broadcast.hints import chosen
from hub.broadcast.layer import GROUP, MAX_BYTES, Ephemeral, ephemerals
from hub.broadcast.notify import LIMIT, PAUSE, notify, payload_of
from hub.broadcast.queues import EphemeralQueue
from hub.broadcast.relay import has_relay
from hub.broadcast.signing import Signer
from hub.concurrency.warn_once import WarnOnce

TIMEOUT = 2.0  # seconds that the layer may take

logger = logging.getLogger("hub.serverless")
_once = WarnOnce(logger)


def send(topic: str, type: str, key: str, tail: str, **kwargs: Any) -> None:
    """Send an ephemeral event to the servers. Does nothing where a server in this process does.

    A receiver of the signal `ephemeral`. What cannot be sent is dropped; the log says why, once.
    """
    if has_relay():
        return
    if _can_send():
        _sender().put(Ephemeral(topic, type, key, tail))
    else:
        text = (
            "publish_ephemeral reaches nobody: this process has no server, and the channel layer "
            "is not shared with those that have one (Redis is, and so is PostgreSQL as HINTS)"
        )
        _once.warn("no layer", text)


def _can_send() -> bool:
    try:
        if chosen() == "postgres":
            return True
    except ImproperlyConfigured:  # `manage.py check` says so
        return False
    layer = get_channel_layer()
    return layer is not None and not isinstance(layer, InMemoryChannelLayer)


class Sender:
    """Sends what is put into it, in a thread of its own."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(4)
        self._signer = Signer()
        self._queue = EphemeralQueue()
        self._lock = threading.Lock()
        self._is_running = False

    def put(self, event: Ephemeral) -> None:
        with self._lock:
            self._queue.put(event)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="hub-serverless").start()

    def _run(self) -> None:
        try:
            while events := self._take():
                try:
                    self._send(events)
                except Exception as error:  # whatever the database or a layer raises
                    _once.warn("layer", "publish_ephemeral could not reach the servers: %r", error)
        finally:
            connections.close_all()  # this thread's own

    def _send(self, events: list[Ephemeral]) -> None:
        epoch, by_notify = log.state().epoch, chosen() == "postgres"
        limit = LIMIT if by_notify else MAX_BYTES
        pieces, dropped = ephemerals(self._process, epoch, events, limit)
        if dropped:
            text = "publish_ephemeral: events of more than %d bytes do not reach the servers"
            _once.warn("dropped", text, limit)
        for piece in pieces:
            signed = self._signer.sign(piece)
            if by_notify:
                notify(payload_of(signed))
            else:
                asyncio.run(_send(signed))
        if by_notify:
            time.sleep(PAUSE)  # what is published meanwhile shares a transaction

    def _take(self) -> list[Ephemeral]:
        with self._lock:
            events = self._queue.take_all()
            self._is_running = bool(events)
            return events


async def _send(signed: dict[str, Any]) -> None:
    layer = get_channel_layer()
    assert layer is not None
    async with asyncio.timeout(TIMEOUT):
        await layer.group_send(GROUP, signed)


_lock = threading.Lock()
_senders: dict[int, Sender] = {}


def _sender() -> Sender:
    """That of this process: forked ones must not repeat each other's sequence numbers."""
    process = os.getpid()
    with _lock:
        if process not in _senders:
            _senders[process] = Sender()
        return _senders[process]
