"""Writes prices for readers."""

from decimal import Decimal


def euros(price: Decimal | str) -> str:
    """Such as "€1,906.00". Pages, events and the browser (`live_figures.js`) write prices in this form."""
    return f"€{Decimal(price):,.2f}"
