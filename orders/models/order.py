"""Orders and their numbers."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from hub import AtomicQuerySet, AtomicSave
from orders.models.product import Product


class OrderNumber(models.Model):
    """Gives out order numbers: the primary key of each row is one.

    The database gives out keys without a lock, so two orders never wait for each other here and
    never get the same number. With one counter row they would wait, and orders of several products
    could deadlock. A rolled-back order may leave a gap.
    """

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk:06}"

    @classmethod
    def next(cls, using: str) -> str:
        """A new order number, `YYYY-NNNNNN`, with more digits from a million on."""
        return f"{timezone.now().year}-{cls.objects.using(using).create().pk:06}"


class Order(AtomicSave, models.Model):
    """The purchase of one product. Saving a new order takes its pieces out of the stock.

    Where that cannot be done, a subclass of `orders.errors.Refused` (a ValidationError) is raised
    and nothing is changed. `number`, `unit_price`, `total` and `buyer_name` are filled in.
    """

    number = models.CharField(max_length=16, unique=True, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="orders")
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
    )
    buyer_name = models.CharField(max_length=310, blank=True, editable=False)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=10, decimal_places=2, blank=True)
    total = models.DecimalField(max_digits=20, decimal_places=2, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AtomicQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="orders_order_quantity_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(unit_price__gte=0), name="orders_order_price_not_negative"
            ),
        )

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("order", kwargs={"number": self.number})
