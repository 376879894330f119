"""Attempts to prove an identity, kept for an hour."""

from django.db import models
from django.utils import timezone


class PasswordAttempt(models.Model):
    """A check of a password that has failed, or that has not ended yet.

    `account` is a digest of the name that was typed. `address` is the client's, or empty where it
    is unknown.
    """

    account = models.CharField(max_length=32, blank=True)
    address = models.CharField(max_length=45, blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()
        indexes = (
            models.Index(fields=("account", "at"), name="orders_attempt_account"),
            models.Index(fields=("address", "at"), name="orders_attempt_address"),
        )

    def __str__(self) -> str:
        return f"{self.address or 'unknown address'} at {self.at:%Y-%m-%d %H:%M}"
