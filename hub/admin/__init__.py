"""The hub in Django's admin: the log, subscriptions, deliveries and choices.

All of it is read-only; deliveries can be tried again.
"""

from hub.admin import choices, deliveries, log

__all__ = ["choices", "deliveries", "log"]
