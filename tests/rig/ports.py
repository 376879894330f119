"""Free TCP ports on loopback."""

import os
import random
import socket

# Below what systems hand out for outgoing connections (from 32768 on Linux, 49152 elsewhere):
# so no client takes the port between our look and the server's bind.
_FIRST, _LAST = 20_000, 32_000
_given: set[int] = set()
# Several processes of one test run (pytest-xdist) share the ports out among them.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def free_port() -> int:
    """A port that nothing listens on, never given twice by this process."""
    for _ in range(200):
        port = random.randrange(_FIRST + _WORKER, _LAST, _WORKERS)
        if port not in _given and not is_listening(port) and _can_bind(port):
            _given.add(port)
            return port
    raise RuntimeError(f"no free port found between {_FIRST} and {_LAST}")


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a connection to the port is accepted now."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
