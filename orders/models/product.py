"""Products, their stock, their pictures, and the views of their pages."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from hub import AtomicQuerySet, AtomicSave
from orders.thumbnails import thumbnail_name
from orders.uploads import check_picture


class Product(AtomicSave, models.Model):
    """Something for sale. `price` is in EUR, for one piece."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    view_count = models.PositiveBigIntegerField(default=0, editable=False)
    watchers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="watched_products", blank=True
    )

    objects = AtomicQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(price__gte=0), name="orders_product_price_not_negative"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("product", kwargs={"slug": self.slug})

    @property
    def stock(self) -> int:
        """Pieces that can be ordered; without an inventory there are none."""
        inventory = getattr(self, "inventory", None)
        return inventory.quantity if inventory else 0

    @property
    def cover(self) -> "ProductImage | None":
        """The first picture. It costs no query where `images` was prefetched."""
        return next(iter(self.images.all()), None)


class Inventory(AtomicSave, models.Model):
    """The pieces of one product that can be sold."""

    class Condition(models.TextChoices):
        NEW = "new", "New"
        REFURBISHED = "refurbished", "Refurbished"
        USED = "used", "Used"

    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="inventory")
    item_code = models.CharField(max_length=40, blank=True)
    item_condition = models.CharField(
        max_length=20, choices=Condition.choices, default=Condition.NEW
    )
    quantity = models.PositiveIntegerField(default=0)

    objects = AtomicQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "inventories"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0), name="orders_inventory_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product}"


class ProductImage(AtomicSave, models.Model):
    """A picture. Its file is removed with the last row that names it."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    image = models.ImageField(upload_to="products/", validators=[check_picture])
    alt = models.CharField(max_length=200, blank=True, help_text="what the picture shows")
    position = models.PositiveSmallIntegerField(default=0)

    objects = AtomicQuerySet.as_manager()

    class Meta:
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.alt or self.image.name

    @property
    def thumbnail_url(self) -> str:
        """Of a small copy. It is made when it is first asked for."""
        return self.image.storage.url(thumbnail_name(self.image.name)) if self.image else ""


class ProductSummary(models.Model):
    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="summary")
    content = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "product summaries"

    def __str__(self) -> str:
        return f"Summary of {self.product}"


class ProductView(models.Model):
    """One look at a product's page. `session` is empty for a user who is logged in.

    `previous` is the key of the same visitor's last view, or 0 for the first. Two requests at once
    name the same one, and the unique constraints let only one of them in: no lock is needed.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="views")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="product_views",
    )
    session = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)
    previous = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("product", "person", "previous"),
                name="orders_view_once_a_person",
            ),
            models.UniqueConstraint(
                fields=("product", "session", "previous"),
                condition=~models.Q(session=""),
                name="orders_view_once_a_session",
            ),
        )
        indexes = (
            models.Index(fields=("product", "person", "at"), name="orders_view_person"),
            models.Index(fields=("product", "session", "at"), name="orders_view_session"),
        )

    def __str__(self) -> str:
        return f"{self.product} at {self.at:%Y-%m-%d %H:%M}"
