"""Emails for the hub's tests: event types that are emailed, and a worker in this process."""

import datetime
from typing import Any, ClassVar

import django
from django.db import transaction
from django.utils import timezone

from hub import EventType, publish, subscribe
from hub.models import Delivery
from hub.policy import Policy
from hub.worker.worker import Done, Worker
from tests.hub.site import SitePolicy, make_person
from tests.numbering import drain


class Posted(EventType, frozen=True):
    """An event that is always emailed."""

    type: ClassVar[str] = "test.posted"
    mail: ClassVar[bool] = True
    text: str = "posted"
    link: str = ""

    def title(self) -> str:
        return self.text

    def body(self) -> str:
        return "A sentence."

    def url(self) -> str:
        return self.link


class Graced(EventType, frozen=True):
    """An event that is emailed to users who have not seen it within ten minutes."""

    type: ClassVar[str] = "test.graced"
    mail: ClassVar[bool] = True
    grace: ClassVar[float] = 600.0

    def title(self) -> str:
        return "graced"


OLD_NAMES = {"username": "host_user", "password": "host_password"}  # before Django 6.1


def use_smtp(settings: Any, **options: Any) -> None:
    """Send emails through SMTP: `host`, `port`, `timeout` and other options of the mailer."""
    backend = "django.core.mail.backends.smtp.EmailBackend"
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
        return
    settings.EMAIL_BACKEND = backend
    for name, value in options.items():
        setattr(settings, f"EMAIL_{OLD_NAMES.get(name, name).upper()}", value)


def publish_now(topic: str, *events: EventType) -> None:
    """Commit events, all in one transaction."""
    with transaction.atomic():
        for event in events or (Posted(),):
            publish(event, topic)


def make_subscribers(count: int, topic: str) -> list[Any]:
    """Stored users who are subscribed to the topic from now on."""
    people = [make_person(f"person{number}") for number in range(count)]
    with transaction.atomic():
        for person in people:
            subscribe(person.pk, topic)
    drain()
    return people


def deliver(policy: Policy | None = None) -> Done:
    """Let a worker do all that is due now."""
    done = Worker(policy or SitePolicy()).run_once()
    assert done is not None, "another worker holds the lease"
    return done


def states() -> dict[str, str]:
    """The state of each delivery, by user. Each user must have one only."""
    rows = list(Delivery.objects.order_by("pk").values_list("person", "state"))
    assert len(dict(rows)) == len(rows), f"several deliveries to one person: {rows}"
    return dict(rows)


def make_due() -> None:
    """Make every waiting delivery due now."""
    past = timezone.now() - datetime.timedelta(seconds=1)
    Delivery.objects.filter(state="waiting").update(due_at=past)


def only() -> Delivery:
    return Delivery.objects.get()
