"""What users want to be told, and how: preferences, mutes, quiet hours and digests."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


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


class QuietHours(models.Model):
    """The hours of each day in the user's zone in which they are told what is critical only."""

    person = models.CharField(max_length=64, unique=True)
    begins = models.TimeField()
    ends = models.TimeField()
    zone = models.CharField(max_length=64)

    objects = models.Manager["QuietHours"]()

    class Meta:
        verbose_name_plural = "quiet hours"

    def __str__(self) -> str:
        return f"{self.person}: {self.begins:%H:%M} to {self.ends:%H:%M} in {self.zone}"


class EmailDigest(models.Model):
    """How often a user gets the emails of one type, several in one. Without a row: each at once."""

    class Every(models.TextChoices):
        HOURLY = "hourly", _("hourly")
        DAILY = "daily", _("daily")

    person = models.CharField(max_length=64)
    type = models.CharField(max_length=64)
    every = models.CharField(max_length=8, choices=Every)

    objects = models.Manager["EmailDigest"]()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("person", "type"), name="hub_email_digest_once"),
        )

    def __str__(self) -> str:
        return f"{self.person}: {self.type} {self.every}"
