"""Orders and their numbers."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from hub import AtomicQuerySet, AtomicSave
from orders.models.product import Product

MOST_DRAWN = 500  # numbers at once; at most so many are left unused after a fixture


class OrderNumber(models.Model):
    """Gives out order numbers: the primary key of each row is one.

    The database gives out keys without a lock, so two orders never wait for each other here and
    never get the same number. With one counter row they would wait, and orders of several products
    could deadlock. A rolled-back order may leave a gap. Numbers that orders have already, such as
    those of a fixture, are skipped.
    """

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk:06}"

    @classmethod
    def next(cls, using: str) -> str:
        """A new order number, `YYYY-NNNNNN`, with more digits from a million on."""
        rows, orders = cls.objects.using(using), Order.objects.using(using)
        drawn = 1
        while True:
            slips = rows.bulk_create([cls() for _ in range(drawn)])
            numbers = [f"{timezone.now().year}-{slip.pk:06}" for slip in slips]
            taken = set(orders.filter(number__in=numbers).values_list("number", flat=True))
            free = [number for number in numbers if number not in taken]
            if free:
                return free[0]
            drawn = min(2 * drawn, MOST_DRAWN)  # a large fixture is passed quickly


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
    # Names the request that placed the order, so that a repeated one is recognized.
    token = models.CharField(max_length=32, null=True, editable=False)

    objects = AtomicQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("ordered_by", "token"), name="orders_order_once_per_token"
            ),
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
