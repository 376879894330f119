"""The shop's tables."""

from orders.models.address import AddressPause
from orders.models.attempt import PasswordAttempt
from orders.models.order import Order, OrderNumber
from orders.models.product import Inventory, Product, ProductImage, ProductSummary, ProductView
from orders.models.user import Profile, User

__all__ = [
    "AddressPause",
    "Inventory",
    "Order",
    "OrderNumber",
    "PasswordAttempt",
    "Product",
    "ProductImage",
    "ProductSummary",
    "ProductView",
    "Profile",
    "User",
]
