"""The Channels consumer, one per WebSocket: frames in, frames out.

It parses what the client sends, keeps to the rate, makes the handshake, and ends the socket. From
the welcome on its driver serves the connection. It never touches the channel layer, and the
database only through the process's threads.
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
from hub.errors import BadFrame, BadRequest, PolicyHangs, SessionsUnavailable
from hub.identity.tickets import TicketExpired, TicketInvalid
from hub.sockets import close_codes, handshake, protocol, refusals, wire
from hub.sockets.changes import Changes
from hub.sockets.close_codes import CloseCode
from hub.sockets.driver import Driver
from hub.sockets.handshake import Handshake
from hub.sockets.origin import is_own_origin
from hub.sockets.process import SocketProcess
from hub.sockets.protocol import Frame, Hello, Pong, Subscribe, Unsubscribe
from hub.sockets.sender import FrameSender

logger = logging.getLogger("hub.consumers")

MAX_CHECKS = 8  # subscriptions of one connection that are being checked at the same time
MAX_EARLY = 32  # frames that wait for the welcome
CANNOT_CHECK = "this cannot be checked now; try again"


class HubConsumer(AsyncConsumer):
    """`scope["hub"].sockets` is the SocketProcess; HubApplication puts it there."""

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
        self.process: SocketProcess = self.scope["hub"].sockets
        self.services = self.process.services
        self.limits = self.services.limits
        self.loop = asyncio.get_running_loop()
        self.sender = FrameSender(
            self.base_send,
            self.process.stepper,
            self._give_up,
            wire.frame_writer(self.base_send, self.scope.get("hub.connection")),
        )
        self.tasks = Tasks()
        self.driver: Driver | None = None
        self.said_hello = False
        self.is_counted = False  # among the sockets that ended
        self.early: deque[Frame] = deque()
        self.checks = 0
        self.turn = asyncio.Lock()  # changes are made in the order in which they were requested
        self.id = secrets.token_hex(8)
        self.frames = TokenBucket(self.limits.rate, self.limits.burst)
        self.bytes = TokenBucket(self.limits.bytes_rate, self.limits.bytes_rate)
        self.hello_timer = self.loop.call_later(self.limits.hello, self.end, close_codes.NO_HELLO)
        offered = self.scope.get("subprotocols", ())
        accepted = protocol.SUBPROTOCOL if protocol.SUBPROTOCOL in offered else None
        # Accept first: a refused handshake looks to a browser like a lost network.
        await self.base_send({"type": "websocket.accept", "subprotocol": accepted})
        self.address = self.process.trusted_proxies.address_of(self.scope)
        self.is_open = True
        if not self.process.connections.open(self.end, self.address):
            self.end(close_codes.LIMITS)
        elif not is_own_origin(self.scope):
            refusals.foreign_origin(self.scope)
            self.end(close_codes.FOREIGN_ORIGIN)
        elif self.process.is_ending():
            self.end(close_codes.RESTART)
        self._watch_wire()

    def _watch_wire(self) -> None:
        """Count what the server reads and does not hand on."""
        server = self.scope.get("hub.connection")
        is_watched = wire.watch(
            server,
            self.limits,
            lambda: self.end(close_codes.FLOOD),
            lambda: self.end(close_codes.SLOW),
        )
        if not is_watched:
            self.process.report_unwatched(server)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if self.sender.closed:
            return
        text = message.get("text")
        size = len(message.get("bytes") or b"") if text is None else len(text.encode())
        try:
            if text is None or size > self.limits.frame_in:
                raise BadFrame("binary, or too large")
            self._take(protocol.parse(text, self.limits.topics), size)
        except BadFrame as error:
            refusals.bad_frame(error)
            self.end(close_codes.BAD_FRAME)
        except BadRequest as error:
            if self._within_rate(size):
                self._refuse(error)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        self._count_close(message.get("code"))
        self.sender.leave()
        self._stop()
        self._leave()
        await self.tasks.cancel()
        raise StopConsumer()

    # What the client says

    def _take(self, frame: Frame, size: int) -> None:
        # A pong that answers a ping is free; one that answers nothing counts like any frame.
        if isinstance(frame, Pong) and self.driver is not None:
            if not self.driver.pong(cast(int, frame.position)):
                self._within_rate(size)
        elif self._within_rate(size):
            self._carry_out(frame)

    def _carry_out(self, frame: Frame) -> None:
        if isinstance(frame, Hello):
            if self.said_hello:
                raise BadFrame("a second hello")
            self.said_hello = True
            self.hello_timer.cancel()
            self.tasks.spawn(self._shake_hands(frame), "hub.hello")
        elif not self.said_hello:
            raise BadFrame("a frame before hello")
        elif self.driver is None:
            if len(self.early) == MAX_EARLY:
                text = "wait for the welcome"
                raise BadRequest("rate_limited", text, _ref_of(frame), temporary=True)
            self.early.append(frame)
        elif isinstance(frame, Subscribe | Unsubscribe):
            if self.checks == MAX_CHECKS:
                text = "too many checks are pending"
                raise BadRequest("rate_limited", text, frame.ref, temporary=True)
            self.checks += 1
            self.tasks.spawn(self._change(self.driver, frame), "hub.change")

    def _within_rate(self, size: int) -> bool:
        """Count a frame; one too many ends the connection."""
        now = self.loop.time()
        if self.frames.take(1, now) and self.bytes.take(size, now):
            return True
        self.end(close_codes.FLOOD)
        return False

    def _refuse(self, error: BadRequest) -> None:
        text = protocol.refusal(error.ref, error.code, error.message, temporary=error.temporary)
        if self.driver is None:
            self.sender.push(text)
        else:
            self.driver.reply(text)

    async def _shake_hands(self, frame: Hello) -> None:
        if not self.process.handshake_limit.acquire():
            self.end(close_codes.UNCHECKED)
            return
        try:
            done = await handshake.perform(frame, self.scope["headers"], self.services)
        except TicketExpired:
            self.end(close_codes.TICKET_EXPIRED)
        except TicketInvalid as error:
            refusals.bad_ticket(error)
            self.end(close_codes.BAD_TICKET)
        except (DatabaseError, PolicyHangs, SessionsUnavailable, TimeoutError) as error:
            self.services.report(error)
            self.end(close_codes.UNCHECKED)
        except Exception:  # A policy of the project's own may raise anything.
            logger.exception("connection %s: hello could not be checked", self.id)
            self.end(close_codes.UNCHECKED)
        else:
            self._welcome(done)
        finally:
            self.process.handshake_limit.release()

    def _welcome(self, done: Handshake) -> None:
        if self.sender.closed:
            return
        if self.process.is_ending():
            self.end(close_codes.RESTART)
            return
        if done.epoch != self.services.follower.epoch:
            self.end(close_codes.NEW_EPOCH)
            return
        self.driver = Driver(
            done.connection,
            Changes(
                done.connection,
                checked_at=done.checked_at,
                session=done.user.session if done.user else None,
                max_topics=self.limits.topics,
            ),
            user=done.user,
            takes_runs=done.takes_runs,
            sender=self.sender,
            services=self.services,
            tasks=self.tasks,
            end=self.end,
        )
        if not self.process.connections.welcome(self.end, self.driver):
            self.end(close_codes.LIMITS)
            return
        self.services.meter.welcomed(done.reason)
        self.sender.push(done.welcome(self.id, self.limits.ping))
        self.driver.start()
        while self.early and not self.sender.closed:
            try:
                self._carry_out(self.early.popleft())
            except BadRequest as error:
                self._refuse(error)

    async def _change(self, driver: Driver, frame: Subscribe | Unsubscribe) -> None:
        try:
            async with self.turn:
                await driver.change(frame)
                return
        except (DatabaseError, PolicyHangs) as error:
            self.services.report(error)
        except Exception:  # A policy of the project's own may raise anything.
            logger.exception("connection %s: a subscription could not be checked", self.id)
        finally:
            self.checks -= 1
        driver.reply(protocol.refusal(frame.ref, "unavailable", CANNOT_CHECK, temporary=True))

    # The end

    def end(self, code: CloseCode) -> None:
        """Say goodbye and close, in a task of its own; once."""
        if not self.sender.closed:
            self._count_close(code.code)
            self._stop()
            self.tasks.spawn(self._close(code), "hub.close")

    def _give_up(self, error: BaseException) -> None:
        """Nothing can be sent, and the client has not left: close, as far as that is possible."""
        self.process.report_unsent(error)
        self._count_close(close_codes.UNCHECKED.code)
        self._stop()
        self._leave()
        self.tasks.spawn(self._close(close_codes.UNCHECKED), "hub.close")

    async def _close(self, code: CloseCode) -> None:
        taken = await self.sender.close(code)
        if not taken:
            # A frozen peer: some servers keep its socket for as long as its system answers, and
            # no disconnect comes. It must not take the place of a connection that lives.
            self._leave()

    def _count_close(self, code: int | None) -> None:
        """The first code says how the socket ended."""
        if not self.is_counted:
            self.is_counted = True
            self.services.meter.closed(code)

    def _leave(self) -> None:
        if self.is_open:
            self.is_open = False
            self.process.connections.leave(self.end, self.address)
        if self.driver is not None:
            self.process.connections.remove(self.driver)

    def _stop(self) -> None:
        self.hello_timer.cancel()
        if self.driver is not None:
            self.driver.stop()


def _ref_of(frame: Frame) -> str | None:
    return frame.ref if isinstance(frame, Subscribe | Unsubscribe) else None
