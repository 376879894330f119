"""The ledger: what was committed, independent of the log."""

from django.db import models

from hub import AtomicQuerySet, AtomicSave


class Fact(AtomicSave, models.Model):
    """One committed fact. `key` is never used twice; `pad` makes its event larger."""

    key = models.CharField(max_length=64, unique=True)
    topic = models.CharField(max_length=100)
    pad = models.TextField(default="", blank=True)

    objects = AtomicQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key
