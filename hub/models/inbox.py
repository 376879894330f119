"""What users decided about their events: seen, read, archived, snoozed."""

from django.db import models
from django.db.models import Q

WHAT = ("seen", "read", "archived", "snoozed")


class InboxState(models.Model):
    """One row per user, locked by whatever changes their inbox.

    `turn` counts their decisions: of two about the same event, the later one holds.
    """

    person = models.CharField(max_length=64, unique=True)
    turn = models.BigIntegerField(default=0)

    objects = models.Manager["InboxState"]()

    def __str__(self) -> str:
        return f"inbox of {self.person}, turn {self.turn}"


class InboxMark(models.Model):
    """A flag for everything up to the position `upto`. Removing the row undoes it."""

    person = models.CharField(max_length=64)
    what = models.CharField(max_length=8, choices=[(one, one) for one in WHAT])
    upto = models.BigIntegerField()
    turn = models.BigIntegerField()

    objects = models.Manager["InboxMark"]()

    class Meta:
        indexes = (models.Index(fields=("upto",), name="hub_inbox_mark_upto"),)  # for pruning
        constraints = (
            models.UniqueConstraint(fields=("person", "what", "turn"), name="hub_inbox_mark"),
        )

    def __str__(self) -> str:
        return f"{self.person}: {self.what} up to {self.upto}"


class InboxException(models.Model):
    """A flag of one event, set or cleared, whatever earlier marks say.

    `until` is when a snoozed event is to come back.
    """

    person = models.CharField(max_length=64)
    what = models.CharField(max_length=8, choices=[(one, one) for one in WHAT])
    position = models.BigIntegerField()
    on = models.BooleanField()
    turn = models.BigIntegerField()
    until = models.DateTimeField(null=True)

    objects = models.Manager["InboxException"]()

    class Meta:
        indexes = (
            models.Index(fields=("position",), name="hub_inbox_exception_position"),
            models.Index(
                fields=("until",), condition=Q(until__isnull=False), name="hub_inbox_snoozed_until"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("person", "what", "position"), name="hub_inbox_exception"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person}: {self.position} {'' if self.on else 'not '}{self.what}"
