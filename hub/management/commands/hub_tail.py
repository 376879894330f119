"""manage.py hub_tail [TOPIC…]: prints live events to the terminal."""

import asyncio
import json
from typing import Any

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.client import Client, Closed
from hub.errors import BadTopic, printable
from hub.management.commands.hub_ticket import ticket_of
from hub.management.socket_url import socket_url
from hub.topics import check_topic


class Command(BaseCommand):
    help = "Print events as a running server sends them, one per line. Ctrl-C ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("topics", nargs="*", help="such as product.1 or news")
        parser.add_argument("--user", help="connect as this user instead of as a visitor")
        parser.add_argument("--url", help="the server's socket, such as ws://127.0.0.1:8000/ws/")
        parser.add_argument("--json", action="store_true", help="print whole frames as JSON")
        parser.add_argument("--count", type=int, default=0, help="end after this many events")

    def handle(self, *args: Any, **options: Any) -> None:
        url = options["url"] or socket_url()
        try:
            topics = [check_topic(topic) for topic in options["topics"]]
            asyncio.run(self._tail(url, topics, options))
        except (BadTopic, Closed) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stderr.write("")

    async def _tail(self, url: str, topics: list[str], options: dict[str, Any]) -> None:
        user, count = options["user"], options["count"]
        ticket = (lambda: sync_to_async(ticket_of)(user)) if user else None
        client = Client(url, ticket, topics=topics, on_welcome=self._report_refused)
        async with client:
            async for event in client:
                self.stdout.write(json.dumps(event) if options["json"] else _line(event))
                self.stdout.flush()
                count -= 1
                if count == 0:
                    return

    def _report_refused(self, welcome: dict[str, Any]) -> None:
        """Name refused topics, which would stay silent; end if no other topic is left."""
        refused = [f"{one['topic']} ({one['code']})" for one in welcome["refused"]]
        if refused:
            self.stderr.write(f"refused: {', '.join(refused)}")
        if refused and not welcome["topics"] and not welcome["pages"]:
            raise CommandError("no topic is left; name a --user who may receive one")


def _line(event: dict[str, Any]) -> str:
    position = event.get("id", "-")
    line = f"{event['at']}  {position:>8}  {event['topic']:<20}  {event['type']}  {event['title']}"
    return printable(line)  # A title may hold what a user typed, such as a terminal's commands.
