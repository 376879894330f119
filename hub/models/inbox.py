"""What users decided about their events: seen, read, archived, snoozed; preferences and mutes."""

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


class Preference(models.Model):
    """Whether a user wants events of one type by one means. Without a row the default holds."""

    person = models.CharField(max_length=64)
    type = models.CharField(max_length=64)
    means = models.CharField(max_length=8)
    wanted = models.BooleanField()

    objects = models.Manager["Preference"]()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("person", "type", "means"), name="hub_preference_once"),
        )

    def __str__(self) -> str:
        return f"{self.person}: {self.type} by {self.means}: {'yes' if self.wanted else 'no'}"


class Mute(models.Model):
    """Events that a user is neither shown nor sent: of a topic, of a type, or of a type on a topic.

    An empty `topic` or `type` stands for any. Events up to the position `since` are shown.
    """

    person = models.CharField(max_length=64)
    topic = models.CharField(max_length=100, blank=True, default="")
    type = models.CharField(max_length=64, blank=True, default="")
    # The database has the default for processes that know no such column.
    since = models.BigIntegerField(default=0, db_default=0)

    objects = models.Manager["Mute"]()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("person", "topic", "type"), name="hub_mute_once"),
            models.CheckConstraint(condition=~Q(topic="") | ~Q(type=""), name="hub_mute_something"),
        )

    def __str__(self) -> str:
        return f"{self.person} mutes {self.type or 'everything'} on {self.topic or 'any topic'}"
