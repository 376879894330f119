"""manage.py hub_doctor: examines the installation and says what to change."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.errors import printable
from hub.operations.doctor import examine
from hub.operations.finding import Finding
from hub.operations.outside import examine_from_outside

MARKS = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}


class Command(BaseCommand):
    help = "Check configuration, database, log, channel layer, clock and limits."
    requires_system_checks = []  # The doctor runs them and reports what they find.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--url",
            help="the site's address, as browsers know it: ask there instead, through the proxies, "
            "and say what these lack",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        failures = sum(finding.verdict == "failure" for finding in self._report(options["url"]))
        if failures:
            raise CommandError(f"{failures} found that would break a promise of the hub")

    def _report(self, url: str | None) -> Iterator[Finding]:
        """Each finding, once it is printed."""
        styles = {
            "ok": self.style.SUCCESS,
            "warning": self.style.WARNING,
            "failure": self.style.ERROR,
        }
        try:
            findings = examine() if url is None else examine_from_outside(url)
        except ValueError as error:
            raise CommandError(str(error)) from error
        for finding in findings:
            mark = styles[finding.verdict](MARKS[finding.verdict])
            self.stdout.write(f"{mark}  {finding.subject}: {printable(finding.text)}")
            if finding.hint:
                self.stdout.write(f"         {printable(finding.hint)}")
            yield finding
