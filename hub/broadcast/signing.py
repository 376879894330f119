"""Signs what processes send each other, and checks what arrives.

Whoever can write to Redis, or log in to the database, could otherwise put words into the site's
mouth. The key comes from SECRET_KEY; signatures by one of SECRET_KEY_FALLBACKS are accepted, too,
while secrets are replaced.

A message carries a sequence number, which is also its time: so a copy is recognised as old, even
by a process that has just started.
"""

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from django.conf import settings

from hub.broadcast.layer import TYPES, Batch, Message, Numbered, name_of
from hub.errors import ForeignMessage, UntrustedMessage

MAX_AGE_MS = 60_000  # of a message; clocks of servers differ by less
MAX_CONTENT = 4 * 1024 * 1024  # characters that are looked at; a batch escaped in JSON has fewer
MAX_PROCESSES = 1_000  # whose last sequence number is remembered; the longest silent are forgotten


class _Envelope(msgspec.Struct):
    """What is checked before anything in the content is believed."""

    sequence: int
    content: Annotated[str, msgspec.Meta(max_length=MAX_CONTENT)]
    signature: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Signer:
    """Signs the messages of one process. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._key = _key_of(settings.SECRET_KEY)
        self._clock = clock
        self._sequence = 0

    def sign(self, message: Message) -> dict[str, Any]:
        """The message as a layer carries it: plain types only (msgpack)."""
        self._sequence = max(self._sequence + 1, _milliseconds(self._clock))
        name, content = name_of(message), msgspec.json.encode(message).decode()
        return {
            "type": name,
            "process": message.process,
            "epoch": message.epoch,
            "sequence": self._sequence,
            "content": content,
            "signature": _signature(self._key, name, self._sequence, content),
        }


class Verifier:
    """Checks the messages that one process receives."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        self._keys = [_key_of(secret) for secret in secrets]
        self._clock = clock
        self._last: OrderedDict[str, int] = OrderedDict()  # process -> sequence

    def verify(self, sent: Any) -> Message:
        """The message as it was signed.

        Raises ForeignMessage for one of another application, and UntrustedMessage for one of this
        hub's types that is not signed, is old, or has the content of another version.
        """
        name = str(sent.get("type") if isinstance(sent, dict) else None)
        if name not in TYPES:
            raise ForeignMessage(f"the type {name[:80]!r} is not known here")
        try:
            envelope = msgspec.convert(sent, _Envelope)
        except msgspec.ValidationError as error:
            raise UntrustedMessage(f"the type {name!r} is not signed") from error
        sequence, content = envelope.sequence, envelope.content
        if not self._is_signed(envelope, name):
            raise UntrustedMessage(f"the type {name!r} is not signed by this site")
        try:
            message = msgspec.json.decode(content, type=TYPES[name])
        except msgspec.MsgspecError as error:
            raise UntrustedMessage(f"the type {name!r} is another version's: {error}") from error
        if self._is_old(message, sequence):
            raise UntrustedMessage(f"the type {name!r} is old")
        return message

    def _is_signed(self, envelope: _Envelope, name: str) -> bool:
        return any(
            hmac.compare_digest(
                _signature(key, name, envelope.sequence, envelope.content), envelope.signature
            )
            for key in self._keys
        )

    def _is_old(self, message: Message, sequence: int) -> bool:
        if isinstance(message, Batch | Numbered):
            # It may be overtaken, or overtake: its positions say whether it is of use.
            return sequence < _milliseconds(self._clock) - MAX_AGE_MS
        last = self._last.pop(message.process, 0)
        self._last[message.process] = max(last, sequence)
        if len(self._last) > MAX_PROCESSES:
            self._last.popitem(last=False)
        if sequence < _milliseconds(self._clock) - MAX_AGE_MS:
            return True
        return sequence <= last


def _key_of(secret: str | bytes) -> bytes:
    secret = secret.encode() if isinstance(secret, str) else secret
    return hashlib.sha256(b"hub.layer:" + secret).digest()


def _signature(key: bytes, name: str, sequence: int, content: str) -> str:
    signed = f"{name}:{sequence}:{content}".encode(errors="surrogatepass")
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def _milliseconds(clock: Callable[[], float]) -> int:
    return int(clock() * 1000)
