"""The outermost ASGI application: starts the hub's runtime and passes it on in the scope."""

import asyncio
from functools import cached_property
from http import HTTPStatus

from hub.metrics.meter import Meter
from hub.metrics.own import UNMEASURED
from hub.metrics.wrapper import MetricsApplication
from hub.paths import path_below_root
from hub.policy import Policy, current_policy
from hub.runtime import echo
from hub.runtime.asgi import Application, Receive, Scope, Send, respond
from hub.runtime.bodies import BodyLimit
from hub.runtime.probes import Probe, marked, probes_by_path
from hub.runtime.root_path import own_root_path
from hub.runtime.runtime import HubRuntime
from hub.sockets.wire import server_connection

SOCKET_PATH = "/ws/"  # of the hub's socket, below the prefix that the site is served at
RETRY_AFTER = 2  # seconds until a client that was turned away should try again


class HubApplication:
    """The outermost ASGI application: starts the hub and passes it on as `scope["hub"]`.

    `application` serves HTTP and WebSockets, and routes `/ws/` to a HubConsumer. `policy` decides
    which user may receive which topic; by default it is that of `HUB["POLICY"]`. HTTP
    requests are measured, and those beyond the limit `REQUESTS` answered with 503. With `deliver`,
    the worker runs in this process, too: for a site that has only one. `socket_path` is where
    `application` routes the hub's socket, for pages.
    """

    def __init__(
        self,
        application: Application,
        *,
        policy: Policy | None = None,
        deliver: bool = False,
        socket_path: str = SOCKET_PATH,
    ) -> None:
        self.policy = policy or current_policy()
        self.socket_path = socket_path
        self._deliver = deliver
        self._meter = Meter()
        self._application = MetricsApplication(
            BodyLimit(application), self._meter, lambda: self._own_paths
        )
        self._turn_away = MetricsApplication(_turn_away, self._meter)
        self._runtimes: dict[asyncio.AbstractEventLoop, HubRuntime] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        runtime = self.runtime()
        proxies = runtime.sockets.trusted_proxies
        scope = {
            **scope,
            "hub": runtime,
            "hub.socket_path": self.socket_path,
            "scheme": proxies.scheme_of(scope),
            "root_path": own_root_path(scope, send),
        }
        if scope["type"] != "http":
            if runtime.shutdown.over:
                await send({"type": "websocket.close", "code": 1012})
                return
            with runtime.shutdown.serving():
                scope["hub.connection"] = server_connection(send)
                await self._application(scope, receive, send)
        elif echo.is_asked(scope):
            await respond(send, HTTPStatus.OK, echo.answer(scope, proxies.address_of(scope)))
        elif probe := self._probes.get(path_below_root(scope)):
            await respond(send, *probe(runtime))
        elif runtime.shutdown.over:
            # A server at its end: the client, or a load balancer, tries the next one.
            await respond(send, HTTPStatus.SERVICE_UNAVAILABLE, "", (b"connection", b"close"))
        elif not runtime.requests.admits(scope):
            await self._turn_away(scope, receive, send)
        else:
            await runtime.requests.serve(self._application, scope, receive, send)

    @cached_property
    def _probes(self) -> dict[str, Probe]:
        return probes_by_path()

    @cached_property
    def _own_paths(self) -> frozenset[str]:
        return frozenset(marked(UNMEASURED))

    def runtime(self) -> HubRuntime:
        """The runtime of the running event loop; the first call starts it."""
        loop = asyncio.get_running_loop()
        if loop not in self._runtimes:
            for closed in [one for one in self._runtimes if one.is_closed()]:
                self._runtimes.pop(closed).disconnect()
            self._runtimes[loop] = HubRuntime(self.policy, self._meter, deliver=self._deliver)
            self._runtimes[loop].start()
        return self._runtimes[loop]

    async def stop(self) -> None:
        """End the runtime of the running event loop, if there is one."""
        runtime = self._runtimes.pop(asyncio.get_running_loop(), None)
        if runtime is not None:
            await runtime.stop()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self.runtime()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _turn_away(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once, without a thread: the process has as many requests as it may."""
    retry = (b"retry-after", str(RETRY_AFTER).encode())
    await respond(send, HTTPStatus.SERVICE_UNAVAILABLE, "busy, try again in a moment\n", retry)
