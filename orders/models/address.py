"""How often the site writes to addresses that nobody has confirmed."""

from django.db import models


class AddressPause(models.Model):
    """No further link is emailed to this address, or for this user, until then.

    `count`: links in this series.
    """

    address = models.CharField(max_length=32, primary_key=True)  # a digest, of an address or a user
    until = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.address
