"""How prices are written."""

from decimal import Decimal


def euros(price: Decimal | str) -> str:
    """Such as "€1,906.00". Pages, events and the browser (`live.js`) all write them like this."""
    return f"€{Decimal(price):,.2f}"
