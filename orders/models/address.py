"""How often an address that nobody has confirmed is written to."""

from django.db import models


class AddressPause(models.Model):
    """No further link is emailed to this address until then. `count`: links in this series."""

    address = models.CharField(max_length=32, primary_key=True)  # a digest
    until = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.address
