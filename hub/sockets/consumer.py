"""The Channels consumer, one per WebSocket: speaks the protocol and owns the connection.

It never touches the channel layer, and the database only through the runtime's threads. What it
sends are answers; events come from its stream.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.db import Error as DatabaseError

from hub.concurrency.tasks import Tasks
from hub.concurrency.token_bucket import TokenBucket
from hub.errors import BadFrame, BadRequest
from hub.identity.tickets import TicketExpired, TicketInvalid
from hub.sockets import close_codes, protocol
from hub.sockets.close_codes import CloseCode
from hub.sockets.handshake import Greeting, greet
from hub.sockets.origin import is_own_origin
from hub.sockets.protocol import Frame, Hello, Pong, Subscribe, Unsubscribe
from hub.sockets.sender import FrameSender
from hub.sockets.services import Services
from hub.sockets.stream import Stream
from hub.sockets.subscriptions import Hearing

logger = logging.getLogger("hub.consumers")

MAX_CHECKS = 8  # subscriptions of one connection that are being checked at the same time
MAX_EARLY = 32  # frames that wait for the answer to hello


class HubConsumer(AsyncConsumer):
    """`scope["hub"]` holds the runtime; HubApplication puts it there."""

    # Not configured on purpose: a consumer with a layer costs a layer channel per connection.
    channel_layer_alias = "hub: consumers use no layer"

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels closes old database connections here, on the one thread that all share: a slow
        # query anywhere would stall every socket. This consumer has no connections to close.
        name = message["type"].replace(".", "_")
        handle: Callable[[dict[str, Any]], Awaitable[None]] = getattr(self, name)
        await handle(message)

    # What the server says

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        self.runtime: Services = self.scope["hub"]
        self.limits = self.runtime.limits
        self.loop = asyncio.get_running_loop()
        self.socket = FrameSender(self.base_send, self.runtime.report_unsent)
        self.tasks = Tasks()
        self.stream: Stream | None = None
        self.greeted = False
        self.early: deque[Frame] = deque()
        self.checks = 0
        self.turn = asyncio.Lock()  # changes are made in the order in which they were asked for
        self.id = secrets.token_hex(8)
        self.frames = TokenBucket(self.limits.rate, self.limits.burst)
        self.bytes = TokenBucket(self.limits.bytes_rate, self.limits.bytes_rate)
        self.hello_timer = self.loop.call_later(self.limits.hello, self.end, close_codes.NO_HELLO)
        offered = self.scope.get("subprotocols", ())
        accepted = protocol.SUBPROTOCOL if protocol.SUBPROTOCOL in offered else None
        # Accept first: a refused handshake looks to a browser like a lost network.
        await self.base_send({"type": "websocket.accept", "subprotocol": accepted})
        self.runtime.connections.visit(self)
        if not is_own_origin(self.scope):
            self.end(close_codes.FOREIGN_ORIGIN)
        elif self.runtime.shutdown.begun:
            self.end(close_codes.RESTART)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if self.socket.closed:
            return
        text = message.get("text")
        size = len(message.get("bytes") or b"") if text is None else len(text.encode())
        try:
            if text is None or size > self.limits.frame_in:
                raise BadFrame("binary, or too large")
            self._take(protocol.parse(text), size)
        except BadFrame as error:
            logger.info("connection %s: %s", self.id, error)
            self.end(close_codes.BAD_FRAME)
        except BadRequest as error:
            if self._within_rate(size):
                self._refuse(error)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        self.socket.leave()
        self._stop_hearing()
        self._leave()
        await self.tasks.cancel()
        raise StopConsumer()

    # What the client says

    def _take(self, frame: Frame, size: int) -> None:
        # A pong that answers a ping is free; one that answers nothing counts like any frame.
        if isinstance(frame, Pong) and self.stream is not None:
            if not self.stream.pong(cast(int, frame.position)):
                self._within_rate(size)
        elif self._within_rate(size):
            self._carry_out(frame)

    def _carry_out(self, frame: Frame) -> None:
        if isinstance(frame, Hello):
            if self.greeted:
                raise BadFrame("a second hello")
            self.greeted = True
            self.hello_timer.cancel()
            self.tasks.spawn(self._hello(frame), "hub.hello")
        elif not self.greeted:
            raise BadFrame("a frame before hello")
        elif self.stream is None:
            if len(self.early) == MAX_EARLY:
                text = "wait for the welcome"
                raise BadRequest("rate_limited", text, _ref_of(frame), temporary=True)
            self.early.append(frame)
        elif isinstance(frame, Subscribe | Unsubscribe):
            if self.checks == MAX_CHECKS:
                text = "too many checks are pending"
                raise BadRequest("rate_limited", text, frame.ref, temporary=True)
            self.checks += 1
            self.tasks.spawn(self._change(frame), "hub.change")

    def _within_rate(self, size: int) -> bool:
        """Count a frame; one too many ends the connection."""
        now = self.loop.time()
        if self.frames.take(1, now) and self.bytes.take(size, now):
            return True
        self.end(close_codes.FLOOD)
        return False

    def _answer(self, text: str) -> None:
        if self.stream is None:
            self.socket.push(text)
        else:
            self.stream.answer(text)

    def _refuse(self, error: BadRequest) -> None:
        text = error.message
        self._answer(protocol.refusal(error.ref, error.code, text, temporary=error.temporary))

    async def _hello(self, frame: Hello) -> None:
        if not self.runtime.lobby.enter():
            self.end(close_codes.UNCHECKED)
            return
        try:
            greeting = await greet(frame, self.scope["headers"], self.runtime)
        except TicketExpired:
            self.end(close_codes.TICKET_EXPIRED)
        except TicketInvalid:
            self.end(close_codes.BAD_TICKET)
        except (DatabaseError, TimeoutError) as error:
            self.runtime.report(error)
            self.end(close_codes.UNCHECKED)
        except Exception:  # A policy of the project's own may raise anything.
            logger.exception("connection %s: hello could not be checked", self.id)
            self.end(close_codes.UNCHECKED)
        else:
            self._welcome(greeting)
        finally:
            self.runtime.lobby.leave()

    def _welcome(self, greeting: Greeting) -> None:
        if self.socket.closed:
            return
        if self.runtime.shutdown.begun:
            self.end(close_codes.RESTART)
            return
        if greeting.epoch != self.runtime.follower.epoch:
            self.end(close_codes.NEW_EPOCH)
            return
        connection, person = greeting.connection, greeting.person
        self.hearing = Hearing(
            connection=connection,
            person=person,
            noted=greeting.noted,
            runtime=self.runtime,
            socket=self.socket,
            answer=self._answer,
            end=self.end,
        )
        self.stream = Stream(
            connection=connection,
            person=person,
            socket=self.socket,
            runtime=self.runtime,
            tasks=self.tasks,
            hearing=self.hearing,
            end=self.end,
        )
        if not self.runtime.connections.add(self.stream):
            self.end(close_codes.LIMITS)
            return
        self.runtime.connections.leave(self)
        self.socket.push(
            protocol.welcome(
                connection=self.id,
                user=person.public if person else None,
                epoch=greeting.epoch,
                position=connection.cursor,
                head=greeting.head,
                reason=greeting.reason,
                topics=connection.own_open(),
                pages=list(connection.pages),
                refused=greeting.refused,
                ping=self.limits.ping,
            )
        )
        self.hearing.begin(self.stream)
        self.stream.start()
        while self.early and not self.socket.closed:
            try:
                self._carry_out(self.early.popleft())
            except BadRequest as error:
                self._refuse(error)

    async def _change(self, frame: Subscribe | Unsubscribe) -> None:
        try:
            async with self.turn:
                if isinstance(frame, Unsubscribe):
                    self.hearing.unsubscribe(frame)
                    return
                await self.hearing.subscribe(frame)
        except Exception:  # A policy of the project's own may raise anything.
            logger.exception("connection %s: a subscription could not be checked", self.id)
            text = "this cannot be checked now; try again"
            self._answer(protocol.refusal(frame.ref, "unavailable", text, temporary=True))
        finally:
            self.checks -= 1

    # The end

    def end(self, why: CloseCode) -> None:
        """Say goodbye and close, in a task of its own; once."""
        if not self.socket.closed:
            self._stop_hearing()
            self.tasks.spawn(self._close(why), "hub.close")

    async def _close(self, why: CloseCode) -> None:
        taken = await self.socket.close(why)
        if not taken:
            # A frozen peer: some servers keep its socket for as long as its system answers, and
            # no disconnect comes. It must not take the place of a connection that lives.
            self._leave()

    def _leave(self) -> None:
        self.runtime.connections.leave(self)
        if self.stream is not None:
            self.runtime.connections.remove(self.stream)

    def _stop_hearing(self) -> None:
        self.hello_timer.cancel()
        if self.stream is not None:
            self.stream.stop()
            self.hearing.stop()


def _ref_of(frame: Frame) -> str | None:
    return frame.ref if isinstance(frame, Subscribe | Unsubscribe) else None
