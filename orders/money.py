"""Writes prices for readers."""

from decimal import Decimal


def euros(price: Decimal | str) -> str:
    """Such as "€1,906.00", as pages, events and the browser (`live_figures.js`) write prices."""
    return f"€{Decimal(price):,.2f}"
