"""The demo shop: three users, twelve products with drawn pictures."""

from orders.demo.seeding import CUSTOMERS, PASSWORD, STAFF, seed

__all__ = ["CUSTOMERS", "PASSWORD", "STAFF", "seed"]
