"""Steps a coroutine at once, as if it ran in a task of its own.

Most sends are finished by their first step, and a task for each would cost as much as the send.
But code on the way may ask which task it runs in: `asyncio.timeout` cancels it later. That must
not be the task that happens to push, which serves every other connection too.
"""

import asyncio
import contextvars
import types
from asyncio import _enter_task as enter_task  # documented, for task implementations
from asyncio import _leave_task as leave_task
from asyncio import current_task
from collections.abc import Coroutine, Generator
from typing import Any


class Stepper:
    """One per event loop: keeps a spare task, which takes over a coroutine that has to wait."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._spare: _Spare | None = None

    def step(
        self, work: Coroutine[Any, Any, None], context: contextvars.Context
    ) -> asyncio.Task[None] | None:
        """Run `work` until it waits; None where it is finished, else the task that finishes it.

        All of it runs in `context`. Raises what `work` raises.
        """
        # Taken out while it is in use: `work` may push, and so step, something else.
        spare, self._spare = self._spare or _Spare(self._loop), None
        loop, task = self._loop, spare.task
        caller = current_task(loop)
        if caller is not None:
            leave_task(loop, caller)
        enter_task(loop, task)
        try:
            waits_for = context.run(work.send, None)
        except StopIteration:
            self._keep(spare)
            return None
        except BaseException:
            self._keep(spare)
            raise
        finally:
            leave_task(loop, task)
            if caller is not None:
                enter_task(loop, caller)
        spare.take_over(work, context, waits_for)
        return task

    def _keep(self, spare: "_Spare") -> None:
        if self._spare is None and not spare.task.cancelling():
            self._spare = spare
        else:
            spare.task.cancel()

    def close(self) -> None:
        """End the spare task; `step` makes another one where it is called again."""
        if self._spare is not None:
            self._spare.task.cancel()
            self._spare = None


class _Spare:
    """A task that waits for a coroutine to finish."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._taken = loop.create_future()
        self._work: tuple[Coroutine[Any, Any, None], contextvars.Context, Any] | None = None
        self.task = loop.create_task(self._run(), name="hub.send")

    def take_over(
        self, work: Coroutine[Any, Any, None], context: contextvars.Context, waits_for: Any
    ) -> None:
        """`work` was stepped in `context` and waits for what it yielded."""
        self._work = (work, context, waits_for)
        if not self._taken.done():
            self._taken.set_result(None)

    async def _run(self) -> None:
        cancelled: BaseException | None = None
        try:
            await self._taken
        except asyncio.CancelledError as error:
            if self._work is None:
                raise
            cancelled = error  # meant for the work
        assert self._work is not None
        await _finish(*self._work, cancelled)


@types.coroutine
def _finish(
    work: Coroutine[Any, Any, None],
    context: contextvars.Context,
    waits_for: Any,
    error: BaseException | None,
) -> Generator[Any, Any, None]:
    """Go on with a coroutine that was stepped once: wait for what it waits for, step again."""
    result: Any = None
    is_waiting = error is None
    while True:
        if is_waiting:
            error = None
            try:
                result = yield waits_for
            except BaseException as raised:
                error = raised
        try:
            if error is None:
                waits_for = context.run(work.send, result)
            else:
                waits_for = context.run(work.throw, error)
        except StopIteration:
            return
        is_waiting = True
