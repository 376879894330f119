"""Ephemeral events of a process without a server: a command, a Celery task, a WSGI site."""

import asyncio
import logging
import os
import secrets
import threading
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer

from hub import log
from hub.broadcast.layer import GROUP, Ephemeral, Ephemerals
from hub.broadcast.relay import has_relay
from hub.broadcast.signing import Signer
from hub.concurrency.warn_once import WarnOnce

TIMEOUT = 2.0  # seconds that the layer may take

logger = logging.getLogger("hub.serverless")
_once = WarnOnce(logger)
_token = secrets.token_hex(4)
_signers: dict[int, Signer] = {}  # by process: forked ones must not repeat each other's numbers
_lock = threading.Lock()


def send(topic: str, type: str, key: str, tail: str, **kwargs: Any) -> None:
    """Send an ephemeral event to the servers. Does nothing where a server in this process does.

    A receiver of the signal `ephemeral`. What cannot be sent is dropped; the log says why, once.
    """
    if has_relay():
        return
    layer = get_channel_layer()
    if layer is None or isinstance(layer, InMemoryChannelLayer):
        text = (
            "publish_ephemeral reaches nobody: this process has no server, and the channel layer "
            "is not shared with those that have one (Redis is)"
        )
        _once.warn("no layer", text)
        return
    process = os.getpid()
    message = Ephemerals(
        f"{_token}.{process}", log.state().epoch, [Ephemeral(topic, type, key, tail)]
    )
    with _lock:
        signed = _signers.setdefault(process, Signer()).sign(message)
    try:
        async_to_sync(_send)(layer, signed)
    except Exception as error:  # whatever a layer raises
        _once.warn("layer", "publish_ephemeral could not reach the servers: %r", error)


async def _send(layer: Any, signed: dict[str, Any]) -> None:
    async with asyncio.timeout(TIMEOUT):
        await layer.group_send(GROUP, signed)
