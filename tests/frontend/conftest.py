"""Product pages count views; what the shop's tests do about that goes for these, too."""

from tests.orders.conftest import no_counts_left

__all__ = ["no_counts_left"]
