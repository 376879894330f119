"""HTTP requests in flight: so many at most, each in a task of its own whose end cannot be skipped.

A server cancels the application of a client that has left: Daphne after 10 s, and then again every
second. A cancel that meets Django in `request_finished` skips what gives the database connection
back to its pool. So the server only ever cancels the wait for a request, never the request itself.
"""

import asyncio
import logging

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import Error as DatabaseError
from django.db import connections

from hub.runtime.asgi import Application, Message, Receive, Scope, Send
from hub.runtime.posts import Posts
from hub.runtime.shutdown import Shutdown
from hub.runtime.statements import Statements, current_statements

logger = logging.getLogger("hub")


class ClientLeft(OSError):
    """Raised by `send` once the server has given the request up, as ASGI asks for."""


class Requests:
    """Runs the HTTP requests of one process, so that each gives back what it holds.

    Its thread's database connections are closed at its end, whether Django did so or not. With
    `limit` requests in flight the process is full: each has a thread. `posts` says how many POSTs
    below a path, such as a log-in's, may be among them: so slow ones leave room.
    """

    def __init__(
        self, limit: int, shutdown: Shutdown, statements: Statements, posts: Posts
    ) -> None:
        self._limit = limit
        self._shutdown = shutdown
        self._statements = statements
        self._running: set[asyncio.Task[None]] = set()
        self._posts = posts

    def admits(self, scope: Scope) -> bool:
        """Whether there is room for one more request like this."""
        if len(self._running) >= self._limit:
            return False
        return self._posts.admits(scope)

    async def serve(
        self, application: Application, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Run one request to its end. Raises what the application raises.

        A cancelled caller stops waiting; the request goes on, and its `send` raises ClientLeft.
        """
        is_left = False

        async def send_unless_left(message: Message) -> None:
            if is_left:
                raise ClientLeft("the server has given this request up")
            await send(message)

        work = self._run(application, scope, receive, send_unless_left)
        task = asyncio.get_running_loop().create_task(work, name="hub.request")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        close = self._posts.open(scope)
        task.add_done_callback(lambda _: close())
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            is_left = True
            task.add_done_callback(_log_failure)
            raise

    async def _run(
        self, application: Application, scope: Scope, receive: Receive, send: Send
    ) -> None:
        current_statements.set(self._statements)  # of this task's context, and of its threads'
        with self._shutdown.serving():
            # Django enters one as well, and finds this one: so it is this request's thread that
            # runs its views here, and its `close` below.
            async with ThreadSensitiveContext():
                try:
                    await application(scope, receive, send)
                except asyncio.CancelledError:  # the process ends, and waits for this request
                    await self._statements.close()
                    raise
                finally:
                    await sync_to_async(self._close_connections)()

    def _close_connections(self) -> None:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                continue  # a test's own, in the test's thread
            try:
                connection.close()
            except DatabaseError as error:
                logger.warning("a request's database connection did not close: %s", error)


def _log_failure(task: asyncio.Task[None]) -> None:
    """Log what nobody awaits any more."""
    if not task.cancelled() and not isinstance(task.exception(), ClientLeft | None):
        logger.error("a request failed after its client had left", exc_info=task.exception())
