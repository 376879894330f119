"""The worker: sends emails, and does what must be done by one process and outside requests.

It numbers events that no server has numbered, makes and sends deliveries, removes what deleted
users left, and prunes the log. Every worker sends; the lease decides which does the rest. Four
threads never wait for each other: one renews the lease, one plans, one removes old rows, one talks
to mail servers.
"""

import asyncio
import datetime
import logging
import threading
import time
from collections.abc import Callable

import msgspec
from django.db import Error as DatabaseError
from django.utils import timezone

from hub.concurrency.tasks import cancel_all
from hub.concurrency.threads import DatabaseThreads
from hub.deliveries import set_aside
from hub.deliveries.claims import make_misdated_due
from hub.deliveries.lease import RENEW, Lease, LeaseLost
from hub.deliveries.means import load_means
from hub.deliveries.planner import plan
from hub.deliveries.presence import Presence
from hub.deliveries.sender import Sender
from hub.limits import load_limits
from hub.log.intervals import close_ended_topics
from hub.log.numbering import drain
from hub.models import Delivery, Event
from hub.models import Worker as Row
from hub.models.stamps import has_passed
from hub.policy import Policy
from hub.worker.pruning import prune
from hub.worker.reminding import remind_due
from hub.worker.user_removal import remove_deleted_users

logger = logging.getLogger("hub.deliveries")

POLL_INTERVAL = 1.0  # seconds between two looks for work
NUMBERING_GRACE = 1.0  # seconds in which a server may number a committed event
PRUNE_INTERVAL = datetime.timedelta(hours=1)
STATEMENT_LIMIT = 60.0  # seconds for a statement of planning or removing
# Seconds without a statement of the sending thread, which also waits for mail servers. To give its
# connection up while it hands an email over costs nothing: the outcome is written over a new one.
SEND_LIMIT = 30.0
PRUNE_RETRY = 60.0  # seconds until a prune that failed is tried again
FAILING = 30.0  # seconds of nothing but failures after which a step makes its process unready


# What the steps of `Worker.run` are for.
WORK = {
    "_renew": "keep its lease",
    "work": "plan deliveries",
    "remove_old": "remove what is old",
    "send": "send emails",
}


class Done(msgspec.Struct, frozen=True):
    """How many deliveries there are in each state after one run."""

    waiting: int
    sent: int
    skipped: int
    failed: int


class Worker:
    """One per process. `run` works until it is cancelled, `run_once` until nothing is due.

    `stopping` returns true once the process is about to end: then no further email is begun.
    """

    def __init__(self, policy: Policy, stopping: Callable[[], bool] = lambda: False) -> None:
        self.lease = Lease()
        self._policy = policy
        self._presence = Presence(self.lease.holder)
        self._means = load_means()
        self._stopped = False
        self._renewing = threading.Lock()
        self._sender = Sender(
            self._presence, policy, self._means, lambda: self._stopped or stopping()
        )
        # The oldest event without a position, and the monotonic time when it was first seen.
        self._oldest: tuple[int, float] | None = None
        self._no_prune_before = 0.0  # monotonic seconds
        self._failing_since: dict[str, float] = {}  # step -> monotonic seconds

    @property
    def hindrance(self) -> str:
        """Which work has done nothing but fail for some time; empty while none has."""
        now = time.monotonic()
        failing = [step for step, since in self._failing_since.items() if now - since >= FAILING]
        return f"the worker fails to {WORK[failing[0]]}, see its log" if failing else ""

    async def run(self) -> None:
        leasing = DatabaseThreads("hub-worker-lease", 1)
        working = DatabaseThreads("hub-worker-work", 1, silence=STATEMENT_LIMIT)
        removing = DatabaseThreads("hub-worker-remove", 1, silence=STATEMENT_LIMIT)
        sending = DatabaseThreads("hub-worker-send", 1, silence=SEND_LIMIT)
        self._stopped = False
        loops = [
            asyncio.create_task(self._repeat(leasing, self._renew, RENEW)),
            asyncio.create_task(self._repeat(working, self.work, POLL_INTERVAL)),
            asyncio.create_task(self._repeat(removing, self.remove_old, POLL_INTERVAL)),
            asyncio.create_task(self._repeat(sending, self.send, POLL_INTERVAL)),
        ]
        try:
            # None ends by itself. One that others have cancelled must not be missing unnoticed:
            # this ends with it, and whoever runs it starts it again.
            await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_all(loops)
            self._stopped = True
            await sending.run(self._sender.close)  # after the email that is being sent
            await sending.close()
            await working.close()
            await removing.close()
            await leasing.run(self._leave)
            await leasing.close()

    async def give_back(self) -> None:
        """Give the lease back while `run` goes on, because the process is about to end.

        Nothing further is begun. For servers that end without cancelling their tasks.
        """
        ending = DatabaseThreads("hub-worker-end", 1)
        await ending.run(self._give_back)
        await ending.close()

    async def _repeat(
        self, database: DatabaseThreads, step: Callable[[], bool], seconds: float
    ) -> None:
        """Run `step` forever: again at once if it returns true, else after `seconds`."""
        is_well = True
        while True:
            more = False
            try:
                more = await database.run(step)
                is_well = True
                self._failing_since.pop(step.__name__, None)
            except LeaseLost as lost:
                logger.warning("%s", lost)
            except DatabaseError as error:
                if is_well:
                    logger.warning("the worker cannot use the database: %s", error)
                is_well = False
                self._failing_since.setdefault(step.__name__, time.monotonic())
            except Exception:
                logger.exception("the worker goes on after this")
                self._failing_since.setdefault(step.__name__, time.monotonic())
            if not more:
                await asyncio.sleep(seconds)

    def run_once(self) -> Done | None:
        """Do all that is due now. Return None if another worker holds the lease."""
        while drain().is_full:
            pass
        if not self.lease.take():
            return None
        self._presence.renew()
        try:
            while self.work() and self.lease.take():
                pass
            while self.send() and self.lease.take():
                self._presence.renew()
            self.remove_old()
            while close_ended_topics() and self.lease.take():
                pass
        finally:
            self._sender.close()
            self._leave()
        states = Delivery.State
        counts = {state: Delivery.objects.filter(state=state).count() for state in states}
        return Done(
            waiting=counts[states.WAITING],
            sent=counts[states.SENT],
            skipped=counts[states.SKIPPED],
            failed=counts[states.FAILED],
        )

    def _renew(self) -> bool:
        with self._renewing:
            self._presence.renew()
            if not self._stopped:
                self.lease.take()
        return False

    def _give_back(self) -> None:
        with self._renewing:  # so that it is not taken again behind this
            self._stopped = True
            self.lease.release()

    def _leave(self) -> None:
        self._presence.leave()
        self.lease.release()

    def work(self) -> bool:
        """Do one step of the work on the database; return whether there is more to do now."""
        if not self.lease.is_held:
            return False
        self._number_abandoned()
        is_more = plan(self.lease, self._means)
        is_more |= remind_due(self._policy)
        if not is_more:
            set_aside.retry(self.lease, self._means)
        return is_more

    def remove_old(self) -> bool:
        """Remove what deleted users left and what is too old; end closed topics, mend dates."""
        if self.lease.is_held:
            make_misdated_due()
            remove_deleted_users(self.lease)
            self._prune()
            close_ended_topics()  # A chunk per step: nobody waits for the rest.
        return False

    def send(self) -> bool:
        """Send some of what is due; return whether there may be more."""
        return self._presence.is_current and self._sender.send_due() > 0

    def _number_abandoned(self) -> None:
        """Number what no server has numbered in time; a server would also send it to browsers."""
        waiting = Event.objects.filter(position__isnull=True).order_by("pk")
        oldest = waiting.values_list("pk", flat=True).first()
        now = time.monotonic()
        if oldest is None or self._oldest is None or self._oldest[0] != oldest:
            self._oldest = None if oldest is None else (oldest, now)
        elif now - self._oldest[1] >= NUMBERING_GRACE:
            while drain().is_full:
                pass

    def _prune(self) -> None:
        pruned_at = Row.objects.values_list("pruned_at", flat=True).get(pk=1)
        now = timezone.now()
        if pruned_at is not None and not has_passed(PRUNE_INTERVAL, pruned_at, now):
            return
        if time.monotonic() >= self._no_prune_before:
            self._no_prune_before = time.monotonic() + PRUNE_RETRY
            prune(datetime.timedelta(days=load_limits().retention_days))
            Row.objects.filter(pk=1).update(pruned_at=now)
            self._no_prune_before = 0.0
