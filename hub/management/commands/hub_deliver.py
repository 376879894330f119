"""manage.py hub_deliver: runs the worker."""

import asyncio
import contextlib
import signal
from typing import Any

from channels.routing import get_default_application
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.concurrency.supervisor import Supervisor
from hub.runtime.application import HubApplication
from hub.worker.worker import Worker


class Command(BaseCommand):
    help = (
        "Send emails, number events that no server has numbered, remove what deleted users left, "
        "prune the log. Any number of workers may run: all of them send, one of them does the "
        "rest. SIGTERM ends a worker after the email that it is sending."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        try:
            application = get_default_application()
        except ImproperlyConfigured as error:
            raise CommandError(f"ASGI_APPLICATION: {error}") from error
        if not isinstance(application, HubApplication):
            raise CommandError(
                "ASGI_APPLICATION must name a hub.runtime.HubApplication, whose policy decides who "
                f"may receive what; it names a {type(application).__name__}"
            )
        worker = Worker(application.policy)
        if once:
            self._once(worker)
        else:
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(self._run(worker))
            self.stdout.write("Ended.")

    def _once(self, worker: Worker) -> None:
        done = worker.run_once()
        if done is None:
            self.stdout.write("Another worker is at work and will do it.")
        else:
            self.stdout.write(
                f"{done.sent} sent, {done.waiting} waiting, {done.skipped} not needed, "
                f"{done.failed} given up."
            )

    async def _run(self, worker: Worker) -> None:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        self.stdout.write(f"Worker {worker.lease.holder}. Ctrl-C or SIGTERM ends it.")
        supervisor = Supervisor()
        supervisor.supervise(worker.run, "hub.worker")
        try:
            await asyncio.Event().wait()  # until the signal
        finally:
            await supervisor.stop()
