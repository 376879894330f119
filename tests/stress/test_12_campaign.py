"""Scenario 12: a campaign and an order. Two workers send over TLS with a log-in."""

import contextlib
import shutil
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.rig.certificate import Certificate
from tests.rig.mail import MailServer
from tests.rig.postgres import PostgresServer
from tests.rig.process import Process
from tests.rig.python import SECRET
from tests.rig.server import ROOT, environment
from tests.rig.stack import Stack
from tests.rig.template import Template
from tests.rig.wait import wait_until
from tests.stress import table
from tests.stress.scale import scaled

EMAILS = scaled(600, 10_000)  # of the campaign
BEFORE = scaled(20, 200)  # of them sent before the order
PACE = 0.05  # seconds that the mail server takes for each, until the order's email is there
WORKERS = 2
MAX_WAITED = EMAILS // 3  # emails of the campaign between the order and its email
START = 60.0  # seconds until workers have started and planned
RATE = 20  # emails per second that a slow machine sends, without a pace

CAMPAIGN = f"""
import datetime
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from hub import publish
from hub.models import Event, Subscription
from orders.events import PriceDropped
from orders.models import Product
User, mug = get_user_model(), Product.objects.get(slug="mug")
users = QuerySet(User).bulk_create(
    [
        User(username=f"w{{n}}", email=(mail := f"w{{n}}@example.com"), confirmed_email=mail)
        for n in range({EMAILS})
    ],
    batch_size=1000,
)
topic = f"product.{{mug.pk}}"
Subscription.objects.bulk_create(
    [Subscription(person=str(one.pk), topic=topic, since=0) for one in users], batch_size=1000
)
with transaction.atomic():
    publish(
        PriceDropped(
            product=mug.pk, slug=mug.slug, name=mug.name, old_price="9.00", new_price="8.00"
        ),
        topic,
    )
# Its grace is over.
Event.objects.filter(topic=topic).update(at=timezone.now() - datetime.timedelta(hours=1))
"""
ORDER = """
import time
from orders.models import Order, Product, User
ana, mug = User.objects.get(username="ana"), Product.objects.get(slug="mug")
Order.objects.create(product=mug, ordered_by=ana, quantity=1)
print(time.time())
"""
BROKEN = """
import django; django.setup()
from django.core.management import call_command
from tests.stress.broken.{} import broken
with broken():
    call_command("hub_deliver")
"""


class Campaign:
    """A site whose workers are sending a campaign to `server`."""

    def __init__(self, stack: Stack, server: MailServer, directory: Path) -> None:
        self.stack = stack
        self.server = server
        self._directory = directory
        self._arrivals: list[float] = []  # of each email, in seconds since the epoch
        self._place = 0  # of the order's email
        server.on_data = self._note

    @contextlib.contextmanager
    def workers(self, build: str = "") -> Iterator[None]:
        command = ["-c", BROKEN.format(build)] if build else ["manage.py", "hub_deliver"]
        started = [
            Process(
                [sys.executable, *command],
                log=self._directory / f"worker{number}.log",
                env=environment(self.stack.env),
                cwd=ROOT,
            )
            for number in range(WORKERS)
        ]
        try:
            yield
        finally:
            for one in started:
                one.terminate()

    def order(self) -> tuple[int, float]:
        """Order while the campaign is sent.

        Return how many emails arrive between the order and its email, and the seconds between.
        """
        server = self.server
        server.pace = PACE
        wait_until(lambda: len(server.mails) >= BEFORE, START, "the campaign's first emails")
        placed = float(self.stack.python(ORDER))
        wait_until(lambda: self._place, 2 * EMAILS * PACE, "the order's email")
        before = self._arrivals[: self._place]
        return sum(one > placed for one in before), self._arrivals[self._place] - placed

    def _note(self, mail: EmailMessage) -> None:
        if mail["Subject"] == "We have your order":
            self._place = len(self._arrivals)
        self._arrivals.append(time.time())


@pytest.fixture
def campaign(
    template: Template, postgres_server: PostgresServer, tmp_path: Path
) -> Iterator[Campaign]:
    var, filled = template.cluster(postgres_server)
    shutil.copytree(var, tmp_path, dirs_exist_ok=True)
    name = postgres_server.create_database(template=filled)
    certificate = Certificate(tmp_path)
    with MailServer(certificate) as server:
        env = {
            "HUB_VAR": str(tmp_path),
            "SECRET_KEY": SECRET,
            "DATABASE_URL": postgres_server.url(name),
            "EMAIL_URL": server.url,
            "SSL_CERT_FILE": str(certificate.path),
        }
        stack = Stack("cluster", env)
        stack.python(CAMPAIGN)
        yield Campaign(stack, server, tmp_path)
    postgres_server.drop_database(name)


def test_an_orders_email_does_not_wait_behind_a_campaign(campaign: Campaign) -> None:
    with campaign.workers():
        waited, seconds = campaign.order()
        table.show("12", f"order during a campaign of {EMAILS}", table.seconds(seconds))
        assert waited <= MAX_WAITED, f"{waited} emails of the campaign went first"
        campaign.server.pace = 0.0
        began, sent = time.monotonic(), len(campaign.server.mails)
        everything = EMAILS + 3 + 1  # with three welcomes and the order
        mails = campaign.server.mails
        wait_until(
            lambda: len(mails) >= everything, START + EMAILS / RATE, lambda: f"{len(mails)} emails"
        )
        rate = (everything - sent) / (time.monotonic() - began)
        table.show("12", f"{WORKERS} workers, TLS, emails per second", f"{rate:.0f}")
    assert len(campaign.server.ids()) == len(mails) == everything


def test_a_build_that_forgets_lanes_is_caught(campaign: Campaign) -> None:
    with campaign.workers("forgets_lanes"):
        waited, _ = campaign.order()
    assert waited > MAX_WAITED
