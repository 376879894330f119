"""`manage.py simulate`: shoppers who use a running server, for demonstrations."""

from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.operations import is_loopback
from orders.simulation.run import Simulation
from orders.simulation.shoppers import LogInRefused

BAR = 24  # characters
MAX_RATE = 500  # requests per second
MAX_SECONDS = 24 * 3600


class Command(BaseCommand):
    help = (
        "Drives a running server over HTTP as shoppers would: they browse, watch and buy, ask for "
        "too much, and staff change prices and stock. Uses the demo accounts (seed_demo)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rate", type=float, default=10, help="requests per second, 10")
        parser.add_argument("--seconds", type=float, default=60, help="how long, 60")
        parser.add_argument(
            "--url", default="http://127.0.0.1:8000", help="the server, http://127.0.0.1:8000"
        )
        parser.add_argument("--seed", type=int, default=1, help="the shoppers' dice, 1")
        parser.add_argument(
            "--force", action="store_true", help="allow a server on another machine"
        )

    def handle(
        self,
        *args: Any,
        rate: float,
        seconds: float,
        url: str,
        seed: int,
        force: bool,
        **options: Any,
    ) -> None:
        if not 0 < rate <= MAX_RATE:
            raise CommandError(f"--rate: more than 0 and at most {MAX_RATE}, not {rate:g}.")
        if not 0 < seconds <= MAX_SECONDS:
            raise CommandError(f"--seconds: more than 0 and at most {MAX_SECONDS}, not {seconds:g}")
        check_url(url, force)
        simulation = Simulation(url, rate, seconds, seed)
        live = self.stderr.isatty()
        shown = -1

        def report() -> None:
            """Show the progress: in one line on a terminal, else in a line per tenth."""
            nonlocal shown
            tenth = int(simulation.pace.passed * 10)
            if live or tenth > shown:
                shown = tenth
                self.stderr.write(
                    ("\r" if live else "") + _bar(simulation), ending="" if live else "\n"
                )

        try:
            simulation.run(report)
        except LogInRefused as refusal:
            raise CommandError(f"{refusal}. Is it a demo server? manage.py seed_demo") from refusal
        except KeyboardInterrupt:
            self.stderr.write("\nStopped.")
        if live:
            self.stderr.write("")
        tally = simulation.tally
        self.stdout.write(f"{tally.requests} requests: {tally}.")
        if tally.errors:
            answers = sorted(status for status in tally.statuses if status >= 400)
            got = f"answers {answers}" if answers else "no answers"
            raise CommandError(f"{tally.errors} requests went wrong; {got}. See the server's log.")


def check_url(url: str, force: bool) -> None:
    """Raise CommandError for anything but a site, or for another machine without `force`."""
    parts = urlsplit(url)
    try:
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.path not in ("", "/") or parts.query or parts.username:
        raise CommandError(f"--url: expected a site such as http://127.0.0.1:8000, got {url!r}.")
    if not force and not is_loopback(parts.hostname or ""):
        raise CommandError(
            f"{parts.hostname} is not this machine. The shoppers really order there, and use "
            "public passwords. Add --force if that is what you want."
        )


def _bar(simulation: Simulation) -> str:
    done = simulation.pace.passed
    filled = int(done * BAR)
    tally = simulation.tally
    return (
        f"[{'#' * filled}{'.' * (BAR - filled)}] {done:4.0%}  {tally.requests} requests, "
        f"{tally.count('orders')} orders, {tally.refusals} refusals, {tally.errors} errors"
    )
