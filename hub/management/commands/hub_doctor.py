"""manage.py hub_doctor: examines the installation and says what to change."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.errors import printable
from hub.operations.doctor import examine

MARKS = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}


class Command(BaseCommand):
    help = "Check configuration, database, log, channel layer, clock and limits."
    requires_system_checks = []  # The doctor runs them and reports what they find.

    def handle(self, *args: Any, **options: Any) -> None:
        styles = {
            "ok": self.style.SUCCESS,
            "warning": self.style.WARNING,
            "failure": self.style.ERROR,
        }
        failures = 0
        for finding in examine():
            mark = styles[finding.verdict](MARKS[finding.verdict])
            self.stdout.write(f"{mark}  {finding.subject}: {printable(finding.text)}")
            if finding.hint:
                self.stdout.write(f"         {finding.hint}")
            failures += finding.verdict == "failure"
        if failures:
            raise CommandError(f"{failures} found that would break a promise of the hub")
