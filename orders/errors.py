"""The shop's refusals. All are ValidationErrors: a form shows their text as it is.

ValidationError
 └─ Refused
     ├─ OutOfStock       fewer pieces are left than were ordered
     ├─ BadQuantity      not a whole number of pieces, or fewer than one
     ├─ QuantityFixed    an order's product or quantity was changed after it was placed
     ├─ AccountGone      the buyer's account was deleted in the meantime
     ├─ EmailTaken       another account has this e-mail address
     ├─ LinkOutdated     a link from an email is damaged, too old, or for what is no longer so
     └─ TooManyWatched   the user watches as many products as allowed
"""

from django.core.exceptions import ValidationError


class Refused(ValidationError):
    """Base of the shop's refusals; nothing was changed."""


class OutOfStock(Refused):
    """`asked` and `left` are numbers of pieces."""

    def __init__(self, asked: int, left: int) -> None:
        self.asked = asked
        self.left = left
        if left == 0:
            text = "This product is sold out. Watch it to hear when it is back."
        elif left == 1:
            text = f"Only one piece is left, and you asked for {_short(asked)}."
        else:
            text = f"Only {left} pieces are left, and you asked for {_short(asked)}."
        super().__init__(text, code="out_of_stock")


class BadQuantity(Refused):
    def __init__(self) -> None:
        super().__init__("Order at least one piece, in whole pieces.", code="quantity")


class QuantityFixed(Refused):
    def __init__(self) -> None:
        super().__init__(
            "What was ordered stays as it is. Delete the order and place a new one.",
            code="quantity_fixed",
        )


class AccountGone(Refused):
    def __init__(self) -> None:
        super().__init__("This account was deleted, so it cannot order.", code="account_gone")


class EmailTaken(Refused):
    text = "Another account uses this e-mail address."

    def __init__(self) -> None:
        super().__init__({"email": self.text})


class LinkOutdated(Refused):
    def __init__(self) -> None:
        text = "This link is too old, or for an address that your account no longer has."
        super().__init__(text, code="link_outdated")


class TooManyWatched(Refused):
    def __init__(self, limit: int) -> None:
        super().__init__(
            f"One account can watch {limit:,} products. Stop watching one to watch another.",
            code="too_many_watched",
        )


def _short(number: int) -> str:
    return f"{number:,}" if number < 10**12 else "far more"
