"""Checks hellos: those that wait at the same moment are answered by one round trip."""

import asyncio
from collections import deque

from django.db import InterfaceError, OperationalError

from hub.concurrency.tasks import Tasks
from hub.errors import PolicyHangs
from hub.identity.authentication import Arrival, Authentication, answers_many, authenticate
from hub.identity.tickets import TicketInvalid
from hub.policy import Policy
from hub.sockets.policy_threads import PolicyThreads

# Hellos of one round trip: few enough that it ends soon, and that others have a turn.
MAX_AT_ONCE = 100
# Round trips at a time. One that takes long must not hold up the next; more would be smaller ones.
MAX_ROUND_TRIPS = 3
ALONE = 60.0  # seconds in which each hello is checked by itself, after the policy hung for many

_Waiting = tuple[Arrival, "asyncio.Future[Authentication]"]


class HelloChecks:
    """One per process. A policy that does not answer many at once is asked for each hello alone."""

    def __init__(self, policy: Policy, threads: PolicyThreads) -> None:
        self._policy = policy
        self._threads = threads
        self._answers_many = answers_many(policy)
        self._waiting: deque[_Waiting] = deque()  # bounded by the limit of handshakes
        self._round_trips = 0
        self._alone_until = 0.0
        self._tasks = Tasks()

    async def check(self, arrival: Arrival) -> Authentication:
        """Raises TicketInvalid, or why the check cannot be made."""
        loop = asyncio.get_running_loop()
        if not self._answers_many or loop.time() < self._alone_until:
            return await self._alone(arrival)
        answer: asyncio.Future[Authentication] = loop.create_future()
        self._waiting.append((arrival, answer))
        if self._round_trips < MAX_ROUND_TRIPS:
            self._round_trips += 1
            self._tasks.spawn(self._serve(), "hub.hello_checks")
        return await answer

    async def close(self) -> None:
        """Leave those who still wait without an answer."""
        await self._tasks.cancel()
        for _, answer in self._waiting:
            answer.cancel()

    async def _serve(self) -> None:
        """Round trips until nobody waits."""
        try:
            while some := self._next():
                await self._round_trip(some)
        finally:
            self._round_trips -= 1

    def _next(self) -> list[_Waiting]:
        some: list[_Waiting] = []
        while self._waiting and len(some) < MAX_AT_ONCE:
            one = self._waiting.popleft()
            if not one[1].done():  # its client may have left
                some.append(one)
        return some

    async def _round_trip(self, some: list[_Waiting]) -> None:
        try:
            arrivals = [arrival for arrival, _ in some]
            results = await self._threads.run(authenticate, self._policy, arrivals)
        except (OperationalError, InterfaceError) as error:
            for _, answer in some:  # The database is away, for everybody.
                _settle(answer, error)
        except asyncio.CancelledError:
            for _, answer in some:
                answer.cancel()
            raise
        except Exception as error:
            if isinstance(error, PolicyHangs):
                self._alone_until = asyncio.get_running_loop().time() + ALONE
            # What one of them causes must not turn the others away.
            for arrival, answer in some:
                self._tasks.spawn(self._answer_alone(arrival, answer), "hub.hello_checks.alone")
        else:
            for (_, answer), result in zip(some, results, strict=True):
                _settle(answer, result)

    async def _answer_alone(
        self, arrival: Arrival, answer: "asyncio.Future[Authentication]"
    ) -> None:
        try:
            _settle(answer, await self._alone(arrival))
        except asyncio.CancelledError:
            answer.cancel()
            raise
        except Exception as error:
            _settle(answer, error)

    async def _alone(self, arrival: Arrival) -> Authentication:
        (result,) = await self._threads.run(authenticate, self._policy, [arrival])
        if isinstance(result, TicketInvalid):
            raise result
        return result


def _settle(answer: "asyncio.Future[Authentication]", result: Authentication | Exception) -> None:
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
