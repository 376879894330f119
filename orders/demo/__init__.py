"""The demo shop: three users, twelve products with drawn pictures."""

from orders.demo.seeding import PASSWORD, PEOPLE, STAFF, seed

__all__ = ["PASSWORD", "PEOPLE", "STAFF", "seed"]
