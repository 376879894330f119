"""The runtime: the parts of the hub that run while a server runs, put together.

There is one `HubRuntime` per application and event loop, without module globals: each test has a
loop of its own, and Daphne has no lifespan, so the first request or socket starts the runtime.
"""

import asyncio
import logging
import secrets

from hub.broadcast.fanout import Fanout
from hub.broadcast.follower import Follower
from hub.broadcast.hints import make_hints
from hub.broadcast.listener import Listener
from hub.broadcast.relay import Relay
from hub.broadcast.ring import Ring
from hub.concurrency.supervisor import Supervisor
from hub.concurrency.tasks import Tasks
from hub.concurrency.threads import DatabaseThreads
from hub.concurrency.warn_once import WarnOnce
from hub.identity.address import load_trusted_proxies
from hub.limits import load_limits
from hub.metrics import TOPIC
from hub.metrics.history import History
from hub.metrics.keeper import Keeper
from hub.metrics.meter import Meter
from hub.metrics.sample import MetricsSample
from hub.metrics.sampler import Sampler
from hub.policy import Policy
from hub.runtime import python_version
from hub.runtime.pages import Pages
from hub.runtime.posts import Posts
from hub.runtime.requests import Requests
from hub.runtime.shutdown import Shutdown
from hub.runtime.statements import Statements
from hub.sockets import close_codes, recheck
from hub.sockets.handshake_limit import HandshakeLimit
from hub.sockets.hello_checks import HelloChecks
from hub.sockets.policy_threads import PolicyThreads
from hub.sockets.process import SocketProcess
from hub.sockets.registry import ConnectionRegistry
from hub.sockets.services import Services
from hub.sockets.stepping import Stepper
from hub.worker.worker import Worker

logger = logging.getLogger("hub")

# Threads for handshakes, subscriptions and log pages; each has a database connection. A handshake
# is five statements, shared by those that wait at the same moment if the policy answers many at
# once. Else, with each 250 ms late, ten threads welcome 200 users in 25 s.
READER_THREADS = 10
# Threads for lost rights, which no handshake may hold up. The check of everybody takes one at a
# time.
RECHECK_THREADS = 2
# The most database connections of the hub's own in a server: those above, follower and relay.
HUB_CONNECTIONS = READER_THREADS + RECHECK_THREADS + 2
HINTS_CONNECTIONS = 2  # besides, where NOTIFY carries hints: one sends, one listens
# Seconds without an answer of the database after which follower and relay take a new connection, so
# that delivery is back within 5 s. The database itself ends a statement of the relay after 3 s.
FOLLOWING_SILENCE = 3.2


class HubRuntime:
    """Composition only; each part's work is described in its own module."""

    def __init__(self, policy: Policy, meter: Meter, *, deliver: bool = False) -> None:
        self.policy = policy
        self.meter = meter
        self.limits = load_limits()
        self.process = secrets.token_hex(4)
        self.reader_threads = PolicyThreads("hub-reader", READER_THREADS, self._is_database_well)
        self.recheck_threads = PolicyThreads("hub-recheck", RECHECK_THREADS, self._is_database_well)
        self._hello_checks = HelloChecks(policy, self.reader_threads)
        self.fanout = Fanout()
        self.history = History()
        self.fanout.subscribe(self.history, [TOPIC])
        self.connections = ConnectionRegistry(self.limits)
        # The follower and the relay each have a thread of their own: neither waits for a hello.
        self._following = DatabaseThreads("hub-follower", 1, silence=FOLLOWING_SILENCE)
        self._draining = DatabaseThreads("hub-relay", 1, silence=FOLLOWING_SILENCE)
        # NOTIFY is sent by one more: a drain that waits for the log's lock must not delay it.
        self._sending = DatabaseThreads("hub-hints", 1, silence=FOLLOWING_SILENCE)
        hints = make_hints(self._sending, self.process)
        unnumbered = asyncio.Event()  # the follower sets it, too: it sees rows that others left
        self.follower = Follower(
            database=self._following,
            ring=Ring(self.limits.ring_events, self.limits.ring_bytes),
            fanout=self.fanout,
            preload=(self.limits.ring_events, self.limits.ring_bytes),
            unnumbered=unnumbered,
            on_epoch=self._epoch_changed,
        )
        self.listener = Listener(hints=hints, process=self.process, follower=self.follower)
        self.relay = Relay(
            database=self._draining,
            hints=hints,
            process=self.process,
            follower=self.follower,
            unnumbered=unnumbered,
            max_frame=self.limits.frame_out,
        )
        self._keeper = Keeper(self.recheck_threads.run, self.process)
        self.sampler = Sampler(meter, self._send_sample, process=self.process)
        self.shutdown = Shutdown(self.connections, self._give_back)
        self._pages = Pages()
        self._statements = Statements(self.limits.statement)
        proxies = load_trusted_proxies()
        posts = Posts(proxies.address_of)
        self.requests = Requests(self.limits.requests, self.shutdown, self._statements, posts)
        self.sockets = SocketProcess(
            services=Services(
                policy=policy,
                limits=self.limits,
                reader_threads=self.reader_threads,
                recheck_threads=self.recheck_threads,
                hello_checks=self._hello_checks,
                fanout=self.fanout,
                follower=self.follower,
                meter=meter.sockets,
                report=self._report_unchecked,
            ),
            connections=self.connections,
            trusted_proxies=proxies,
            handshake_limit=HandshakeLimit(),
            is_ending=lambda: self.shutdown.begun,
            stepper=Stepper(),
            report_unsent=self._report_unsent,
            report_unwatched=self._report_unwatched,
        )
        self._deliver = deliver
        self._worker: Worker | None = None
        self._supervisor = Supervisor()
        self._tasks = Tasks()
        self._once = WarnOnce(logger)

    def start(self) -> None:
        """Begin to follow the log. Returns at once; `follower.ready` tells when it is reached."""
        python_version.warn_once()
        self.shutdown.install()
        self.relay.connect()
        supervise = self._supervisor.supervise
        supervise(self.listener.run, "hub.listener")
        supervise(self.follower.run_polling, "hub.follower.polling")
        supervise(self.follower.run, "hub.follower")
        supervise(self.relay.run_draining, "hub.relay.draining")
        supervise(self.relay.run_sending, "hub.relay.sending")
        supervise(self.relay.run_beating, "hub.relay.beating")
        supervise(self.connections.run_heartbeat, "hub.heartbeat")
        supervise(self.sampler.run, "hub.sampler")
        supervise(self._keeper.run, "hub.keeper")
        supervise(self._recheck, "hub.rechecking")
        supervise(self._statements.run, "hub.statements")
        supervise(self._pages.run, "hub.pages")
        if self._deliver:
            supervise(self._work, "hub.worker")

    def disconnect(self) -> None:
        """Let go of the process's signals; all that is left to do once the loop is closed."""
        self.shutdown.remove()
        self.relay.disconnect()

    async def stop(self) -> None:
        """End every task and close every database connection."""
        self.disconnect()
        await self._supervisor.stop()
        await self._tasks.cancel()
        await self._hello_checks.close()
        self.sockets.stepper.close()
        for threads in (
            self.reader_threads,
            self.recheck_threads,
            self._following,
            self._draining,
            self._sending,
        ):
            await threads.close()
        await self._pages.close()

    @property
    def hindrance(self) -> str:
        """Why new clients should not come here; empty when they should."""
        if self.shutdown.begun:
            return "ending"
        if not self._supervisor.is_well:
            return "a task has ended unexpectedly"
        if not self.relay.is_healthy:
            return "events are not numbered"
        if not self.follower.is_healthy:
            return "not following the log"
        if self._pages.hindrance:
            return self._pages.hindrance
        return self._worker.hindrance if self._worker is not None else ""

    @property
    def is_ready(self) -> bool:
        """Whether new clients should come here."""
        return not self.hindrance

    def _send_sample(self, sample: MetricsSample, topic: str) -> None:
        self._keeper.add(sample)
        self.relay.send_ephemeral(sample, topic)

    async def _recheck(self) -> None:
        await recheck.run(self.connections, self.recheck_threads, self.policy)

    async def _work(self) -> None:
        self._worker = Worker(self.policy, lambda: self.shutdown.begun)
        await self._worker.run()

    async def _give_back(self) -> None:
        if self._worker is not None:
            await self._worker.give_back()
        # Last: a database that does not answer must not keep the worker's lease.
        self._keeper.add(self.sampler.take())
        await self._keeper.store(all=True)

    def _is_database_well(self) -> bool:
        return self.follower.is_healthy

    def _report_unchecked(self, error: Exception) -> None:
        """Log why a client was told "unavailable": a database error, or a wait that was over."""
        logger.warning("a connection cannot be checked now: %r", error)

    def _report_unsent(self, error: BaseException) -> None:
        """Log why nothing can be sent to a client that has not left; once per kind of error."""
        text = "cannot send to a client: the server, or a middleware around the hub, raised"
        self._once.warn(type(error).__name__, text, error=error)

    def _report_unwatched(self, server: object) -> None:
        """Log that this server software is not known, once. A test has a queue in its place."""
        if server is not None and not isinstance(server, asyncio.Queue):
            kind = type(server)
            text = (
                "pings, pongs and fragments are not counted: %s.%s is of a server that is not known"
            )
            self._once.warn(kind.__module__, text, kind.__module__, kind.__qualname__)

    def _epoch_changed(self) -> None:
        logger.warning("the log has a new epoch, %s: sending everybody to it", self.follower.epoch)
        self._tasks.spawn(self.connections.end_all(close_codes.NEW_EPOCH), "hub.goodbye")
