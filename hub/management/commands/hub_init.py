"""Prints, or writes, what a project still lacks of the quick start."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.operations.starting import apply, missing


class Command(BaseCommand):
    help = "Prints what the quick start asks for, as a diff of this project; --write applies it."
    requires_system_checks = ()  # they would find what this command is for

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="change the files after asking")
        parser.add_argument("--no-input", action="store_true", help="do not ask")

    def handle(self, *args: Any, write: bool, no_input: bool, **options: Any) -> None:
        changes, by_hand = missing()
        for change in changes:
            self.stdout.write(change.diff())
        for place in by_hand:
            self.stdout.write(f"By hand, into {place}\n")
        if not changes and not by_hand:
            self.stdout.write("Nothing is missing. `manage.py hub_doctor` examines the rest.")
            return
        if not write:
            if changes:
                self.stdout.write("`manage.py hub_init --write` changes these files.")
            return
        if changes and (no_input or self._agrees(len(changes))):
            try:
                trouble = apply(changes)
            except (OSError, RuntimeError) as error:
                raise CommandError(str(error)) from error
            if trouble:
                raise CommandError(
                    f"the files are as they were: with these lines the project fails: {trouble}"
                )
            self.stdout.write("Written. Next: `manage.py migrate`, then `manage.py runserver`.")

    def _agrees(self, count: int) -> bool:
        files = "this file" if count == 1 else f"these {count} files"
        try:
            return input(f"Change {files}? [y/N] ").strip().lower() in ("y", "yes")
        except EOFError:
            raise CommandError("nobody answers; `--no-input` writes without asking") from None
