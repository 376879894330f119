"""`manage.py seed_demo`: users and products to try the shop with."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.operations import is_local_site
from orders import demo
from orders.models import User


class Command(BaseCommand):
    help = (
        "Adds the demo accounts ana, ben and admin (password: demo) and twelve products. "
        "What is there already is left as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force",
            action="store_true",
            help="seed a site that is not this machine's, or whose users are not the demo's",
        )

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        is_foreign = User.objects.exists() and not User.objects.filter(username="ana").exists()
        if is_foreign and not force:
            raise CommandError(
                "This database has users but no ana, so it is not a demo: its password for "
                "admin would be public. Use --force to add the demo data all the same."
            )
        if not is_local_site(settings.SITE_URL) and not force:
            raise CommandError(
                f"SITE_URL is {settings.SITE_URL}, so others may reach this site, and the demo's "
                "password for admin is public. Use --force to add the demo data all the same."
            )
        added = demo.seed()
        if added:
            self.stdout.write(f"Added {len(added)}: {', '.join(added)}.")
        else:
            self.stdout.write("The demo data is complete; nothing was changed.")
