"""The outermost ASGI application: starts the hub's runtime and passes it on in the scope."""

import asyncio
from weakref import WeakKeyDictionary

from hub.metrics.meter import Meter
from hub.metrics.wrapper import MetricsApplication
from hub.policy import Policy
from hub.runtime.requests import Application, Receive, Scope, Send
from hub.runtime.runtime import HubRuntime


class HubApplication:
    """The outermost ASGI application: starts the hub and passes it on as `scope["hub"]`.

    `application` serves HTTP and WebSockets, and routes `/ws/` to a HubConsumer. `policy` decides
    which user may receive which topic. HTTP requests are measured. With `deliver`, the worker runs
    in this process, too: for a site that has only one.
    """

    def __init__(self, application: Application, *, policy: Policy, deliver: bool = False) -> None:
        self.policy = policy
        self._deliver = deliver
        self._meter = Meter()
        self._application = MetricsApplication(application, self._meter)
        self._runtimes: WeakKeyDictionary[asyncio.AbstractEventLoop, HubRuntime]
        self._runtimes = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        runtime = self.runtime()
        if runtime.shutdown.over:
            await _refuse(scope, send)
            return
        scope = {**scope, "hub": runtime}
        if scope["type"] == "http":
            await runtime.requests.serve(self._application, scope, receive, send)
        else:
            with runtime.shutdown.serving():
                await self._application(scope, receive, send)

    def runtime(self) -> HubRuntime:
        """The runtime of the running event loop; the first call starts it."""
        loop = asyncio.get_running_loop()
        if loop not in self._runtimes:
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


async def _refuse(scope: Scope, send: Send) -> None:
    """Turn away a client of a server that is about to end; it tries the next one."""
    if scope["type"] == "http":
        headers = [(b"connection", b"close"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body"})
    else:
        await send({"type": "websocket.close", "code": 1012})
