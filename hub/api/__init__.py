"""The HTTP API: routers for tickets, the inbox and preferences, which a project's API includes.

Needs `django-ninja`; nothing else of the hub imports this package.
"""

try:
    import ninja  # noqa: F401
except ModuleNotFoundError as error:
    needed = "hub.api needs django-ninja: pip install 'django-realtime-hub[api]'"
    raise ModuleNotFoundError(needed, name=error.name) from error

from hub.api import preferences, tickets
from hub.api.answers import ApiError, answer_errors, api_urls, errors, server_error, unknown_path
from hub.api.notifications import notifications_router
from hub.api.session import PersonThrottle, Session, UserThrottle

__all__ = [
    "ApiError",
    "PersonThrottle",
    "Session",
    "UserThrottle",
    "answer_errors",
    "api_urls",
    "errors",
    "notifications_router",
    "preferences",
    "server_error",
    "tickets",
    "unknown_path",
]
