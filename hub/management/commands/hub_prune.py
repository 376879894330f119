"""manage.py hub_prune: removes old events from the log."""

import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.limits import load_limits
from hub.worker.pruning import prune


class Command(BaseCommand):
    help = (
        "Move the log's horizon up to the newest event older than the retention, and remove the "
        "rows that have been behind it for ten minutes. Run it every hour or so; running it again "
        "does no harm."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=float, help="instead of HUB['RETENTION_DAYS']")

    def handle(self, *args: Any, days: float | None, **options: Any) -> None:
        days = load_limits().retention_days if days is None else days
        if days < 0:
            raise CommandError(f"--days must not be negative: {days}")
        pruned = prune(datetime.timedelta(days=days))
        self.stdout.write(
            f"Removed {pruned.removed} events. "
            f"Clients at a position below {pruned.horizon} cannot resume and start afresh."
        )
