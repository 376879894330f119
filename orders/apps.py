"""Wires the shop into Django."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Shop"

    def ready(self) -> None:
        from orders import receivers  # noqa: F401  (connects them)
