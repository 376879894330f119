"""The log: one row for its state, and one row per event."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

MAX_POSITION = 2**63 - 1  # the largest integer that the column holds


class Log(models.Model):
    """The one row that gives out positions, locked by the process that numbers events.

    `head` is the newest position. `horizon` is the highest position whose row may be gone; it
    moved there at `horizon_at`. The rows up to `removed` are gone. `fingerprint` names the database
    in which the epoch was declared.
    """

    epoch = models.CharField(max_length=32)
    fingerprint = models.CharField(max_length=100, default="")
    head = models.BigIntegerField(default=0)
    horizon = models.BigIntegerField(default=0)
    horizon_at = models.DateTimeField(null=True)
    removed = models.BigIntegerField(default=0)

    objects = models.Manager["Log"]()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="hub_log_one_row"),)

    def __str__(self) -> str:
        return f"epoch {self.epoch}, head {self.head}"


class Event(models.Model):
    """One event, inserted by the transaction of its change and numbered after the commit."""

    position = models.BigIntegerField(null=True, unique=True, editable=False)
    topic = models.CharField(max_length=100)
    type = models.CharField(max_length=64)
    at = models.DateTimeField()
    frame = models.TextField(help_text=_("the encoded event without its position"))
    # Whether inboxes show it. The database has the default for processes that know no such column.
    shown = models.BooleanField(default=True, db_default=True, editable=False)
    # The request that published it, for staff alone: neither is in frames, inboxes or the API.
    request_id = models.CharField(max_length=32, null=True, editable=False)
    route = models.CharField(max_length=200, null=True, editable=False)

    objects = models.Manager["Event"]()

    class Meta:
        indexes = (
            models.Index(fields=("topic", "position"), name="hub_event_topic_position"),
            # For inboxes: what is not shown costs their readers nothing, however much there is.
            models.Index(
                fields=("topic", "position"), condition=Q(shown=True), name="hub_event_shown"
            ),
            # PostgreSQL finds the few unnumbered rows with it; SQLite uses the unique index.
            models.Index(
                fields=("id",), condition=Q(position__isnull=True), name="hub_event_unnumbered"
            ),
            models.Index(
                fields=("request_id",),
                condition=Q(request_id__isnull=False),
                name="hub_event_request",
            ),
        )

    def __str__(self) -> str:
        return f"{self.position}: {self.type} on {self.topic}"
