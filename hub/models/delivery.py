"""Deliveries to users outside of the browser, and the progress of the worker."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Worker(models.Model):
    """The one row that says which worker plans now, and how far the work is done.

    The lease: `holder` may plan until `until`, by the database's clock. Events on users' own
    topics have their deliveries up to `own_position`. Events on other topics have them up to
    `position`; of the next one, the subscriptions up to the primary key `page` have theirs.

    The rows of users whose deletion is at or below the position `cleared` are gone; those up to
    `clearing` go next, some time after `clearing_at`. `error` says why no emails go out now.
    """

    holder = models.CharField(max_length=64, default="")
    until = models.DateTimeField(null=True)
    position = models.BigIntegerField(default=0)
    own_position = models.BigIntegerField(default=0)
    page = models.BigIntegerField(default=0)
    cleared = models.BigIntegerField(default=0)
    clearing = models.BigIntegerField(default=0)
    clearing_at = models.DateTimeField(null=True)
    pruned_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    objects = models.Manager["Worker"]()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="hub_worker_one_row"),)

    def __str__(self) -> str:
        return f"worker {self.holder or '(none)'}, position {self.position}"


class WorkerProcess(models.Model):
    """One row per running worker. It is alive until `until`, by the database's clock."""

    holder = models.CharField(max_length=64, unique=True)
    until = models.DateTimeField()

    objects = models.Manager["WorkerProcess"]()

    def __str__(self) -> str:
        return self.holder


class PlanFailure(models.Model):
    """An event whose deliveries could not be made, from subscriptions behind the key `page` on."""

    position = models.BigIntegerField(unique=True)
    page = models.BigIntegerField(default=0)
    error = models.TextField()
    tried_at = models.DateTimeField()

    objects = models.Manager["PlanFailure"]()

    def __str__(self) -> str:
        return f"{self.position}: {self.error}"


class Delivery(models.Model):
    """One event to one user by one means.

    `position` names the event, `person` is the user's primary key. A final delivery, to a user
    whose account is being deleted, has a copy of the address and the frame instead of a position.
    `claimed_by` is the holder of the worker that is about to send it, until `claimed_until` or,
    once it is being handed over, for as long as that worker is alive.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being handed over")
        SENT = "sent", _("sent")
        SKIPPED = "skipped", _("not needed")
        FAILED = "failed", _("given up")

    class Lane(models.IntegerChoices):
        """Deliveries of a lane are sent before those of the next."""

        PERSONAL = 0, _("personal")
        BULK = 1, _("bulk")

    position = models.BigIntegerField(null=True)
    type = models.CharField(max_length=64)
    person = models.CharField(max_length=64, blank=True)
    means = models.CharField(max_length=16)
    address = models.CharField(max_length=254, blank=True, default="")
    frame = models.TextField(blank=True, default="")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.PERSONAL)
    claimed_by = models.CharField(max_length=64, blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(help_text=_("not before this time"))
    attempts = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(
        default=0, help_text=_("attempts whose outcome is unknown: the person may have it already")
    )
    error = models.TextField(blank=True, default="")
    reference = models.CharField(
        max_length=64, help_text=_("the same in each attempt; for e-mail, part of the Message-ID")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = models.Manager["Delivery"]()

    class Meta:
        verbose_name_plural = "deliveries"  # hub/models/labels.py translates it
        indexes = (
            models.Index(fields=("state", "due_at"), name="hub_delivery_due"),
            models.Index(fields=("state", "lane", "due_at"), name="hub_delivery_lane"),
            models.Index(fields=("person",), name="hub_delivery_person"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("position", "person", "means"), name="hub_delivery_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} to {self.person or 'somebody'} by {self.means}: {self.state}"
