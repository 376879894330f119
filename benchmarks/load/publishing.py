"""Tells a contender to publish the next events, over one connection that stays open."""

import re
import socket

from benchmarks.load.dialects import Nats
from benchmarks.served.payload import event

_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})")


class Publisher:
    """One request for all: the server publishes `count` events in one transaction, then answers."""

    def __init__(self, port: int, path: str) -> None:
        self._path = path
        self._waiting = 0  # answers that are due
        self._rest = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begin()

    def begin(self) -> None: ...

    @property
    def is_ready(self) -> bool:
        """Whether the last events were published."""
        return self._waiting == 0

    def publish(self, first: int, count: int) -> None:
        self._send([f'{{"first":{first},"count":{count}}}'.encode()])

    def read(self) -> None:
        """Count the answers; RuntimeError on a refusal."""
        data = self._rest + self.socket.recv(65536)
        if not data:
            raise RuntimeError("the publishing connection was closed")
        for found in _ANSWER.finditer(data):
            self._waiting -= 1
            if not found[1].startswith(b"2"):
                raise RuntimeError(f"publishing was answered with {found[1].decode()}")
        self._rest = data[-11:] if not _ANSWER.search(data[-11:]) else b""

    def _send(self, bodies: list[bytes]) -> None:
        head = f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
        self._waiting += len(bodies)
        self.socket.sendall(
            b"".join(
                f"{head}{len(body)}\r\nContent-Type: application/json\r\n\r\n".encode() + body
                for body in bodies
            )
        )


class EachPublisher(Publisher):
    """One request per event, all at once: for a broker that takes single events."""

    def publish(self, first: int, count: int) -> None:
        self._send([event(number).encode() for number in range(first, first + count)])


class NatsPublisher(Publisher):
    def begin(self) -> None:
        self.socket.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\n')

    def publish(self, first: int, count: int) -> None:
        bodies = [event(number) for number in range(first, first + count)]
        said = "".join(f"PUB {Nats.SUBJECT} {len(body)}\r\n{body}\r\n" for body in bodies)
        self.socket.sendall(said.encode())

    def read(self) -> None:
        if b"PING" in self.socket.recv(65536):
            self.socket.sendall(b"PONG\r\n")


PUBLISHERS: dict[str, type[Publisher]] = {
    "once": Publisher,
    "each": EachPublisher,
    "nats": NatsPublisher,
}
