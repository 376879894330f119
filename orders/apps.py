"""The shop as a Django application."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Shop"

    def ready(self) -> None:
        from orders import receivers  # noqa: F401  (connects them)
