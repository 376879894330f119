"""manage.py hub_ticket USER: a ticket, and a ready command line for a WebSocket client."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub import log
from hub.identity import tickets
from hub.identity.authentication import issue_ticket
from hub.limits import load_limits


class Command(BaseCommand):
    help = "Print a ticket for a person, with which a WebSocket client connects as them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the person's user name")
        parser.add_argument("--quiet", action="store_true", help="print the ticket alone")

    def handle(self, *args: Any, user: str, quiet: bool, **options: Any) -> None:
        ticket = ticket_of(user)
        if quiet:
            self.stdout.write(ticket)
            return
        site = getattr(settings, "SITE_URL", "http://127.0.0.1:8000")
        socket = "ws" + site.removeprefix("http") + "/ws/"
        self.stdout.write(
            f"This ticket is good for {int(load_limits().ticket_age)} s:\n\n{ticket}\n\n"
            f"Connect with\n\n  python -m websockets {socket}\n\nand say\n\n"
            f'  {{"op":"hello","ticket":"{ticket}"}}'
        )


def ticket_of(name: str) -> str:
    """A signed ticket; raises CommandError where there is no such active person."""
    people = get_user_model()._default_manager
    position = log.state().head  # before the person is read
    person = people.filter(**{get_user_model().USERNAME_FIELD: name}).first()
    if person is None:
        raise CommandError(f"there is no user {name!r}")
    if not person.is_active:
        raise CommandError(f"{name!r} is deactivated")
    return tickets.sign(issue_ticket(person, None, position))
