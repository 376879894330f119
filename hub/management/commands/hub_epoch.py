"""manage.py hub_epoch: shows the log's epoch; --new declares a new one after a restore."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hub import log
from hub.log.epoch import renew_epoch


class Command(BaseCommand):
    help = (
        "Show the log's epoch. Run it with --new after a backup was restored in place: the backup "
        "contains the epoch, so nothing else can tell that positions are given twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new", action="store_true", help="declare a new epoch")

    def handle(self, *args: Any, new: bool, **options: Any) -> None:
        if new:
            renew_epoch()
        state = log.state()
        self.stdout.write(f"epoch {state.epoch}, head {state.head}, horizon {state.horizon}")
        if new:
            self.stdout.write(
                "Connected clients reconnect and start afresh within a second or two."
            )
