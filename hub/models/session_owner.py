"""The user of each session, which Django's own table keeps only inside a signed text."""

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models


class SessionOwner(models.Model):
    """The user who is logged in by a session. The row is deleted with either of them."""

    session = models.OneToOneField(
        Session, on_delete=models.CASCADE, primary_key=True, related_name="owner"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="session_owners"
    )

    class Meta:
        db_table = "orders_sessionowner"  # the demo shop had it before the hub did
        default_permissions = ()

    def __str__(self) -> str:
        return f"Session of {self.person}"
