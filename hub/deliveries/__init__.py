"""Deliveries: what goes to people outside of the browser.

The worker follows the log and makes one delivery of each event, person and means; the sender
hands them over one by one. `deliver_last` is for somebody whose account is being deleted.
"""

from hub.deliveries.farewell import deliver_last
from hub.deliveries.means import Deferred, Letter, Means, Refused

__all__ = ["Deferred", "Letter", "Means", "Refused", "deliver_last"]
