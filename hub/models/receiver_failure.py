"""Receivers that raised, and whose events are therefore missing."""

from django.db import models


class ReceiverFailure(models.Model):
    """How often one receiver raised since the row was made, and what at last."""

    MAX_NAME = 255  # characters
    MAX_ERROR = 500  # characters

    receiver = models.CharField(max_length=MAX_NAME, primary_key=True)
    count = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    error = models.CharField(max_length=MAX_ERROR)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.receiver}: {self.count}"
