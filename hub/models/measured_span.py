"""What was measured in a span of time, for charts that reach further back than memory does."""

from django.db import models


class MeasuredSpan(models.Model):
    """The requests of one process in `seconds` from the moment `begins`, in seconds since 1970.

    A row without a process is the sum of all. `figures` is JSON, of `hub.metrics.spans.Figures`.
    """

    seconds = models.PositiveSmallIntegerField()
    begins = models.BigIntegerField()
    process = models.CharField(max_length=64, blank=True, default="")
    figures = models.TextField()

    objects = models.Manager["MeasuredSpan"]()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("seconds", "begins", "process"), name="hub_measured_span"
            ),
        )

    def __str__(self) -> str:
        return f"{self.seconds} s from {self.begins}, {self.process or 'all'}"
