"""A thousand clients on one epoll loop: connect, greet, check each delivery, answer pings."""

import errno
import select
import socket
import time
from collections import Counter

from benchmarks.load.dialects import Dialect, Meaning
from benchmarks.load.frames import CLOSE, PING, PONG, client_frame, split

CHUNK = 1024 * 1024  # bytes of one read
CLIENTS_PER_ADDRESS = 100  # the hub bounds the sockets of one address
KNOWN = 1024  # payloads remembered
CONNECTING, UPGRADING, OPEN, GONE = range(4)


class Client:
    __slots__ = ("began", "caught_up", "due", "index", "rest", "socket", "state", "welcomed")

    def __init__(self, index: int) -> None:
        self.index = index
        self.rest = b""
        self.due = 0  # the number of the next event
        self.state = CONNECTING
        self.welcomed = self.began = self.caught_up = 0.0
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((f"127.0.1.{1 + index // CLIENTS_PER_ADDRESS}", 0))


class Crowd:
    def __init__(self, port: int, dialect: Dialect, size: int) -> None:
        self._port = port
        self._dialect = dialect
        self._size = size
        self._poll = select.epoll()
        self._known: dict[bytes, Meaning] = {}
        self._by_fd: dict[int, Client] = {}
        self.clients: list[Client] = []
        self.errors: Counter[str] = Counter()
        self.welcomed = self.gone = 0
        self.delivered = 0
        self.last = 0.0  # when events came last
        self.goal: int | None = None  # events after which a client has all
        self.caught_up = 0
        self.arrivals: list[tuple[int, int, float]] | None = None  # client, number, time

    def connect(self, at_once: int) -> None:
        """Begin to connect further clients, so that at most so many wait for their welcome."""
        begun = len(self.clients)
        for index in range(begun, min(self._size, self.welcomed + at_once)):
            client = Client(index)
            client.began = time.monotonic()
            code = client.socket.connect_ex(("127.0.0.1", self._port))
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, f"cannot connect: {errno.errorcode[code]}")
            self.clients.append(client)
            self._by_fd[client.socket.fileno()] = client
            self._poll.register(client.socket, select.EPOLLOUT)

    def watch(self, other: int) -> None:
        """Wake up for this descriptor, too; `turn` returns it."""
        self._poll.register(other, select.EPOLLIN)

    def turn(self, timeout: float) -> list[int]:
        """Handle what has come; the descriptors of others that are ready."""
        others = []
        for fd, what in self._poll.poll(timeout, 512):
            client = self._by_fd.get(fd)
            if client is None:
                others.append(fd)
                continue
            try:
                if client.state == CONNECTING:
                    self._opened(client)
                elif what & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                    self._read(client)
            except (BlockingIOError, InterruptedError):
                continue
            except OSError as error:
                self._lose(client, errno.errorcode.get(error.errno or 0, "lost"))
        return others

    def close(self) -> None:
        for client in self.clients:
            client.socket.close()

    def _opened(self, client: Client) -> None:
        code = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, "not connected")
        client.socket.send(self._dialect.request(client.index))
        client.state = UPGRADING
        self._poll.modify(client.socket, select.EPOLLIN)

    def _read(self, client: Client) -> None:
        data = client.socket.recv(CHUNK)
        if not data:
            self._lose(client, "closed by the server")
            return
        if client.rest:
            data = client.rest + data
        if client.state == UPGRADING:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                client.rest = head
                return
            self._accepted(client, head)
            client.rest = b""
            if not data or client.state == GONE:
                return
        if self._dialect.framed:
            payloads, controls, client.rest = split(data)
            for opcode, payload in controls:
                if opcode == PING:
                    client.socket.send(client_frame(payload, PONG))
                elif opcode == CLOSE:
                    self.errors[f"close {int.from_bytes(payload[:2], 'big')}"] += 1
        else:
            whole, _, client.rest = data.rpartition(b"\n")
            payloads = [whole]
        self._handle(client, payloads)

    def _accepted(self, client: Client, head: bytes) -> None:
        if head[9:12] not in (b"101", b"200"):
            self._lose(client, f"HTTP {head[9:12].decode()}")
            return
        client.state = OPEN
        if self._dialect.welcome_on_open:
            self._welcome(client)
        if greeting := self._dialect.greeting(client.index):
            client.socket.send(greeting)

    def _welcome(self, client: Client) -> None:
        client.welcomed = time.monotonic()
        self.welcomed += 1

    def _handle(self, client: Client, payloads: list[bytes]) -> None:
        known, texts = self._known, self._dialect.texts
        plain = type(self._dialect).texts is Dialect.texts
        due, before = client.due, client.due
        for payload in payloads:
            for text in (payload,) if plain else texts(payload):
                meaning = known.get(text)
                if meaning is None:
                    meaning = self._learn(text)
                numbers = meaning.numbers
                if numbers:
                    if numbers[0] != due:
                        self.errors["repeated" if numbers[0] < due else "lost"] += 1
                    due = numbers[-1] + 1
                    self.delivered += len(numbers)
                    if self.arrivals is not None:
                        now = time.monotonic()
                        self.arrivals += [(client.index, one, now) for one in numbers]
                else:
                    if meaning.welcome:
                        self._welcome(client)
                    if meaning.reply:
                        client.socket.send(meaning.reply)
                    if meaning.error:
                        self.errors[meaning.error] += 1
        if due != before:
            client.due = due
            self.last = time.monotonic()
            if self.goal is not None and before < self.goal <= due:
                self.caught_up += 1
                client.caught_up = self.last

    def _learn(self, text: bytes) -> Meaning:
        if len(self._known) >= KNOWN:
            self._known.clear()
        meaning = self._known[text] = self._dialect.learn(text)
        numbers = meaning.numbers
        if numbers and numbers != tuple(range(numbers[0], numbers[0] + len(numbers))):
            self.errors["out of order"] += 1
        return meaning

    def _lose(self, client: Client, why: str) -> None:
        self.errors[why] += 1
        self.gone += 1
        client.state = GONE
        self._poll.unregister(client.socket)
        del self._by_fd[client.socket.fileno()]
        client.socket.close()
