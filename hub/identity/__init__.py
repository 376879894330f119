"""Identity: which user a client is, by session cookie or by ticket, and how often they may ask."""

from hub.identity.address import address_of_request
from hub.identity.request_rate import RETRY_AFTER, take_request

__all__ = ["RETRY_AFTER", "address_of_request", "take_request"]
