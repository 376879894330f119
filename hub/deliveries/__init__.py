"""Deliveries: what users get outside the browser, such as emails.

The planner follows the log and makes one delivery per event, user and means; the sender hands
each of them over. `deliver_last` is for a user whose account is being deleted, `deliver_to` for an
address that is not the account's, `send_waiting` for one that was confirmed.
"""

from hub.deliveries.confirmation import send_waiting
from hub.deliveries.farewell import deliver_last, deliver_to
from hub.deliveries.means import Deferred, Letter, Means, Refused

__all__ = ["Deferred", "Letter", "Means", "Refused", "deliver_last", "deliver_to", "send_waiting"]
