"""Which user was subscribed to which topic, from which position to which."""

from typing import Any

from django.db import models
from django.db.models import Q


class Subscription(models.Model):
    """A user receives a topic's events at positions with `since` < position <= `until`.

    Only the drain writes it, in the transaction that numbers the event that opened or closed the
    interval. `until` is empty while the subscription is open.
    """

    person = models.CharField(max_length=64)
    topic = models.CharField(max_length=100)
    since = models.BigIntegerField()
    until = models.BigIntegerField(null=True)

    objects = models.Manager["Subscription"]()

    class Meta:
        indexes = (
            models.Index(fields=("person", "until"), name="hub_subscription_person"),
            models.Index(fields=("topic", "until"), name="hub_subscription_topic"),
            # The planner reads a topic's subscriptions in pages.
            models.Index(fields=("topic", "id"), name="hub_subscription_page"),
            # Pruning deletes the oldest of those that ended.
            models.Index(
                fields=("until",), condition=Q(until__isnull=False), name="hub_subscription_ended"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("person", "topic"),
                condition=Q(until__isnull=True),
                name="hub_subscription_one_open",
            ),
        )

    def __str__(self) -> str:
        until: Any = "now" if self.until is None else self.until
        return f"{self.person} on {self.topic}, {self.since} to {until}"
