"""The hub over HTTP: tickets, the inbox, preferences. Routers, which a project's API includes.

Needs `django-ninja`; nothing else of the hub imports this package.
"""

from hub.api import preferences, tickets
from hub.api.answers import ApiError, answer_errors, errors, unknown_path
from hub.api.notifications import notifications_router
from hub.api.session import PersonThrottle, Session

__all__ = [
    "ApiError",
    "PersonThrottle",
    "Session",
    "answer_errors",
    "errors",
    "notifications_router",
    "preferences",
    "tickets",
    "unknown_path",
]
