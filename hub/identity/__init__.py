"""Identity: which user a client is, by session cookie or by ticket, and how often they may ask."""

from hub.identity.account import is_newer_hash
from hub.identity.address import address_of_request
from hub.identity.request_rate import RETRY_AFTER, Rates, take_request
from hub.identity.session_owners import end_sessions

__all__ = [
    "RETRY_AFTER",
    "Rates",
    "address_of_request",
    "end_sessions",
    "is_newer_hash",
    "take_request",
]
