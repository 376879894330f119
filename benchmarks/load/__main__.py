"""The process `python -m benchmarks.load`: a line of JSON in, a line of JSON out.

The first line in is the arguments of `main`; its answer comes when all clients are welcome.
Between commands the clients go on answering pings.
"""

import json
import os
import resource
import sys
import time
from typing import Any

from benchmarks.load.crowd import Client, Crowd
from benchmarks.load.dialects import DIALECTS
from benchmarks.load.publishing import PUBLISHERS

WELCOME = 60.0  # seconds for all clients to be welcome
IN_FLIGHT = 2  # transactions whose events are on their way
QUIET = 10.0  # seconds without a delivery after which what is missing counts as lost


class Load:
    def __init__(self, port: int, dialect: str, options: dict[str, Any], size: int) -> None:
        self._port = port
        self._size = size
        self._crowd = Crowd(port, DIALECTS[dialect](**options), size)

    def connect(self, at_once: int) -> dict[str, Any]:
        crowd, began = self._crowd, time.monotonic()
        while crowd.welcomed < self._size and not crowd.gone and time.monotonic() - began < WELCOME:
            crowd.connect(at_once)
            crowd.turn(0.5)
        seconds = max((one.welcomed for one in crowd.clients), default=began) - began
        waits = [one.welcomed - one.began for one in crowd.clients if one.welcomed]
        return {"seconds": seconds, "welcomed": crowd.welcomed, "waits": waits, **self._errors()}

    def serve(self) -> None:
        """Answer commands until the input ends."""
        commands = sys.stdin.fileno()
        self._crowd.watch(commands)
        while True:
            if commands in self._crowd.turn(10):
                line = sys.stdin.readline()
                if not line:
                    return
                asked = json.loads(line)
                say(getattr(self, f"do_{asked.pop('do')}")(**asked))

    def do_fan_out(
        self, events: int, per: int, publisher: str, path: str, port: int, deadline: float
    ) -> dict[str, Any]:
        """Have `events` published, `per` at once, and count what comes: events per second."""
        crowd, size = self._crowd, self._size
        publishing = PUBLISHERS[publisher](port or self._port, path)
        wire = publishing.socket.fileno()
        crowd.watch(wire)
        before, cpu = crowd.delivered, time.process_time()
        crowd.last = began = time.monotonic()
        published, wanted = 0, before + events * size
        while crowd.delivered < wanted:
            ahead = published * size - (crowd.delivered - before)
            if published < events and publishing.is_ready and ahead <= (IN_FLIGHT - 1) * per * size:
                count = min(per, events - published)
                publishing.publish(published, count)
                published += count
            if wire in crowd.turn(0.2):
                publishing.read()
            if time.monotonic() - max(crowd.last, began) > QUIET or (
                time.monotonic() - began > deadline
            ):
                break
        publishing.socket.close()
        return {
            "seconds": crowd.last - began,
            "delivered": crowd.delivered - before,
            "missing": sum(one.due < events for one in crowd.clients),
            "cpu": time.process_time() - cpu,
            **self._errors(),
        }

    def do_await(self, due: list[int], deadline: float) -> dict[str, Any]:
        """Wait until client i has all events before due[i]; seconds until each had."""
        crowd, began = self._crowd, time.monotonic()
        quiet_since = began
        while time.monotonic() < began + deadline and not self._have(due):
            crowd.turn(0.1)
            quiet_since = max(quiet_since, crowd.last)
        return {
            "finished": crowd.last,
            "delivered": crowd.delivered,
            "missing": sum(
                one.due < wanted for one, wanted in zip(crowd.clients, due, strict=True)
            ),
            **self._errors(),
        }

    def do_goal(self, events: int) -> dict[str, Any]:
        """Note, from now on, when a client has so many events."""
        self._crowd.goal = events
        return {}

    def do_caught_up(self, deadline: float) -> dict[str, Any]:
        """Wait until all clients have what `goal` names; seconds from each client's connect."""
        crowd, began = self._crowd, time.monotonic()
        while crowd.caught_up < self._size and time.monotonic() < began + deadline:
            crowd.turn(0.1)
        reached = [one for one in crowd.clients if one.caught_up]
        first = min(one.began for one in crowd.clients)
        return {
            "seconds": max((one.caught_up for one in reached), default=first) - first,
            "waits": [one.caught_up - one.began for one in reached],
            "missing": self._size - len(reached),
            **self._errors(),
        }

    def do_record(self) -> dict[str, Any]:
        """Note the time of each delivery from now on."""
        self._crowd.arrivals = []
        return {}

    def do_arrivals(self, count: int, deadline: float) -> dict[str, Any]:
        """Wait for so many deliveries; [client, number, monotonic time] of each."""
        crowd, began = self._crowd, time.monotonic()
        assert crowd.arrivals is not None
        while len(crowd.arrivals) < count and time.monotonic() < began + deadline:
            crowd.turn(0.1)
        return {"arrivals": crowd.arrivals, **self._errors()}

    def _have(self, due: list[int]) -> bool:
        clients: list[Client] = self._crowd.clients
        return all(one.due >= wanted for one, wanted in zip(clients, due, strict=True))

    def _errors(self) -> dict[str, Any]:
        return {"errors": dict(self._crowd.errors)}


def say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main(
    port: int,
    dialect: str,
    options: dict[str, Any],
    size: int,
    goal: int | None,
    at_once: int,
) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    load = Load(port, dialect, options, size)
    if goal is not None:
        load.do_goal(goal)
    say(load.connect(at_once))
    load.serve()
    os._exit(0)  # without closing thousands of sockets one by one


if __name__ == "__main__":
    main(**json.loads(sys.stdin.readline()))
