"""manage.py hub_ticket USER: prints a ticket and how to connect with it."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.identity.authentication import signed_ticket
from hub.limits import load_limits
from hub.management.socket_url import socket_url


class Command(BaseCommand):
    help = "Print a ticket with which a WebSocket client connects as a user."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the user's name")
        parser.add_argument("--quiet", action="store_true", help="print only the ticket")

    def handle(self, *args: Any, user: str, quiet: bool, **options: Any) -> None:
        ticket = ticket_of(user)
        if quiet:
            self.stdout.write(ticket)
            return
        self.stdout.write(
            f"This ticket is valid for {int(load_limits().ticket_age)} s:\n\n{ticket}\n\n"
            f"Connect with\n\n  python -m websockets {socket_url()}\n\nand send\n\n"
            f'  {{"op":"hello","ticket":"{ticket}"}}'
        )


def ticket_of(name: str) -> str:
    """A signed ticket. Raises CommandError if there is no active user of this name."""
    model = get_user_model()
    user = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if user is None:
        raise CommandError(f"there is no user {name!r}")
    if not user.is_active:
        raise CommandError(f"the user {name!r} is deactivated")
    return signed_ticket(user)
