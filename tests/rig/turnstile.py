"""Counts the WebSockets that reach a server: a TCP forwarder on loopback, in threads."""

import select
import socket
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit

_CHUNK = 65_536  # bytes
_HEAD = b"GET /ws/"


class Turnstile(ThreadingTCPServer):
    """A context manager. `url` leads to the server behind; `opened` and `open` count sockets."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.behind = (urlsplit(url).hostname, urlsplit(url).port)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.is_down = False  # as if the network were gone
        self.opened = 0
        self.open = 0
        self.lock = threading.Lock()

    def __enter__(self) -> "Turnstile":
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.is_down = True
        self.shutdown()
        self.server_close()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return not self.is_down

    def count(self, change: int) -> None:
        with self.lock:
            self.open += change
            self.opened += max(0, change)


class _Passage(BaseRequestHandler):
    server: Turnstile

    def handle(self) -> None:
        is_socket = False
        with socket.create_connection(self.server.behind) as behind:
            ways = {self.request: behind, behind: self.request}
            try:
                while not self.server.is_down:
                    readable, _, _ = select.select(list(ways), [], [], 0.05)
                    for one in readable:
                        data = one.recv(_CHUNK)
                        if not data:
                            return
                        if not is_socket and one is self.request and data.startswith(_HEAD):
                            is_socket = True
                            self.server.count(1)
                        ways[one].sendall(data)
            except OSError:
                pass  # one of the ends is gone
            finally:
                if is_socket:
                    self.server.count(-1)
