"""The hub's tables, one noun per file."""

from hub.models.delivery import Delivery, PlanFailure, Worker, WorkerProcess
from hub.models.inbox import InboxException, InboxMark, InboxState
from hub.models.log import Event, Log
from hub.models.measured_span import MeasuredSpan
from hub.models.preferences import EmailDigest, Mute, Preference, QuietHours
from hub.models.receiver_failure import ReceiverFailure
from hub.models.session_owner import SessionOwner
from hub.models.subscription import Subscription

__all__ = [
    "Delivery",
    "EmailDigest",
    "Event",
    "InboxException",
    "InboxMark",
    "InboxState",
    "Log",
    "MeasuredSpan",
    "Mute",
    "PlanFailure",
    "Preference",
    "QuietHours",
    "ReceiverFailure",
    "SessionOwner",
    "Subscription",
    "Worker",
    "WorkerProcess",
]
