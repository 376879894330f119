"""The shop's catalogue of events: what each is called, what it carries, and how it reads.

Prices are in EUR and travel as text: JSON has no decimals.
"""

from typing import ClassVar

from hub import EventType
from orders.money import euros

TIMES = "\N{MULTIPLICATION SIGN}"
GRACE = 600.0  # seconds in which news of a product that is seen on the site is not emailed


class _OrderEvent(EventType, kw_only=True):
    severity: ClassVar[str] = "success"
    number: str
    product: int
    name: str  # the product's
    quantity: int
    unit_price: str
    picture: str | None = None  # path, below the site's root

    def url(self) -> str:
        return f"/orders/{self.number}/"

    def image(self) -> str | None:
        return self.picture


class OrderReceived(_OrderEvent):
    """To the buyer."""

    type: ClassVar[str] = "order.received"
    type_label: ClassVar[str] = "Your orders"
    mail: ClassVar[bool] = True
    mail_digest: ClassVar[bool] = False
    mail_template: ClassVar[str] = "orders/mail/order.received"

    def title(self) -> str:
        return "We have your order"

    def body(self) -> str:
        what = f"{self.quantity} {TIMES} {self.name} at {euros(self.unit_price)}"
        # The number first: at the end of a line a browser would break it at its hyphen.
        return f"{self.number}: {what}."


class OrderPlaced(_OrderEvent):
    """To staff."""

    type: ClassVar[str] = "order.placed"
    type_label: ClassVar[str] = "Customers' new orders"
    buyer: str

    def title(self) -> str:
        return f"New order {self.number}"

    def body(self) -> str:
        return f"{self.buyer or 'Somebody'} ordered {self.quantity} {TIMES} {self.name}."


class _ProductEvent(EventType):
    product: int
    slug: str
    name: str

    def url(self) -> str:
        return f"/products/{self.slug}/"


class _PicturedEvent(_ProductEvent, kw_only=True):
    """To those who watch the product."""

    picture: str | None = None  # path, below the site's root

    def image(self) -> str | None:
        return self.picture


class ProductCreated(_ProductEvent):
    type: ClassVar[str] = "product.created"
    type_label: ClassVar[str] = "New products, if you asked for news"
    mail: ClassVar[bool] = True
    grace: ClassVar[float] = GRACE

    def title(self) -> str:
        return f"New in the shop: {self.name}"


class PriceDropped(_PicturedEvent, kw_only=True):
    type: ClassVar[str] = "product.price_dropped"
    type_label: ClassVar[str] = "Price drops of products you watch"
    summary: ClassVar[str] = "Prices dropped on {count} of the products you watch"
    keep_body: ClassVar[bool] = True
    mail: ClassVar[bool] = True
    grace: ClassVar[float] = GRACE
    mail_template: ClassVar[str] = "orders/mail/product.price_dropped"
    old_price: str
    new_price: str

    def title(self) -> str:
        return f"{self.name} is now {euros(self.new_price)}"

    def body(self) -> str:
        return f"It was {euros(self.old_price)}."

    def key(self) -> str:
        return f"price.{self.product}"


class BackInStock(_PicturedEvent):
    type: ClassVar[str] = "product.back_in_stock"
    type_label: ClassVar[str] = "Watched products back in stock"
    mail: ClassVar[bool] = True
    grace: ClassVar[float] = GRACE

    def title(self) -> str:
        return f"{self.name} is back in stock"


class ProductChanged(EventType):
    """Ephemeral, to open pages: the price and the stock that they show from now on."""

    type: ClassVar[str] = "product.changed"
    product: int
    price: str
    stock: int

    def key(self) -> str:
        return f"changed.{self.product}"


class ProductViewed(EventType):
    """Ephemeral, to open pages: `count` views so far."""

    type: ClassVar[str] = "product.viewed"
    product: int
    count: int

    def key(self) -> str:
        return f"viewed.{self.product}"


class StockLow(_ProductEvent):
    """To staff, once each time the stock falls to the limit or below."""

    type: ClassVar[str] = "stock.low"
    type_label: ClassVar[str] = "Products that are running out"
    severity: ClassVar[str] = "warning"
    left: int

    def title(self) -> str:
        return f"{self.name} is sold out" if self.left == 0 else f"{self.name}: {self.left} left"

    def body(self) -> str:
        return "Time to order more."


class _AccountEvent(EventType):
    user: int
    name: str


class AccountWelcome(_AccountEvent):
    type: ClassVar[str] = "account.welcome"
    type_label: ClassVar[str] = "Welcome"
    mail: ClassVar[bool] = True
    severity: ClassVar[str] = "success"

    def title(self) -> str:
        return f"Welcome, {self.name}"

    def body(self) -> str:
        return "Watch a product to hear when its price drops."


class AccountUpdated(_AccountEvent):
    type: ClassVar[str] = "account.updated"
    type_label: ClassVar[str] = "Changes to your account"
    mail: ClassVar[bool] = True
    mail_pause: ClassVar[float] = 600.0
    mail_template: ClassVar[str] = "orders/mail/account.updated"
    security: ClassVar[bool] = True

    def title(self) -> str:
        return "Your account was changed"

    def body(self) -> str:
        return "If that was not you, change your password."

    def url(self) -> str:
        return "/accounts/password_change/"


class _AccountDeleted(_AccountEvent):
    type: ClassVar[str] = "account.deleted"
    type_label: ClassVar[str] = "Deleted accounts"
    mail_template: ClassVar[str] = "orders/mail/account.deleted"


class AccountDeleted(_AccountDeleted):
    """To the user: the last event of the account."""

    mail: ClassVar[bool] = (
        True  # by deliver_last: the address is gone when the worker reads the log
    )
    severity: ClassVar[str] = "critical"
    security: ClassVar[bool] = True

    def title(self) -> str:
        return "Your account was deleted"

    def body(self) -> str:
        return "You are logged out everywhere. Your orders stay on our books."


class CustomerDeleted(_AccountDeleted):
    """The same fact, to staff: not critical, and not emailed."""

    def title(self) -> str:
        return f"{self.name} deleted their account"


class _AccountLetter(EventType):
    """To one address, by `deliver_to`; it has no text of the user's."""

    mail: ClassVar[bool] = True
    only_mail: ClassVar[bool] = True
    user: int


class AddressConfirmation(_AccountLetter):
    """To an address that nobody has confirmed as the user's."""

    type: ClassVar[str] = "account.confirm_address"
    mail_template: ClassVar[str] = "orders/mail/account.confirm_address"
    address: str

    def title(self) -> str:
        return "Confirm your email address"


class AddressChanged(_AccountLetter):
    """To the address that was confirmed before."""

    type: ClassVar[str] = "account.address_changed"
    mail_template: ClassVar[str] = "orders/mail/account.address_changed"
    severity: ClassVar[str] = "critical"

    def title(self) -> str:
        return "Your email address was changed"


class PasswordReset(_AccountLetter):
    """To the confirmed address of a user who may have forgotten the password."""

    type: ClassVar[str] = "account.password_reset"
    mail_template: ClassVar[str] = "orders/mail/account.password_reset"

    def title(self) -> str:
        return "Choose a new password"
