"""The hub's own errors.

HubError
 ├─ PublishError (ValueError)
 │   ├─ BadEvent           a field, name, severity or link is wrong
 │   ├─ BadTopic           the topic does not follow the grammar
 │   └─ FrameTooLarge      the encoded event is above the limit
 ├─ NotAtomic              publish() was called outside a transaction
 ├─ RowGone                save() of an instance whose row was deleted in the meantime
 ├─ BulkRefused            a bulk write for which signals cannot be sent
 ├─ SessionsUnavailable    what holds the sessions cannot be read now
 ├─ PolicyHangs            a policy has not answered in time
 ├─ ForeignMessage         the channel layer carried a message that is not this hub's
 │   └─ UntrustedMessage   of this hub's types, but not signed, old, or of another version
 └─ ProtocolError          a client's frame
     ├─ BadFrame           not a frame of the protocol: the connection is closed (4500)
     └─ BadRequest         understood, but wrong: a reply says so, the connection stays
"""


def printable(text: object) -> str:
    """Text from outside on one line of a log or a terminal: control characters are escaped."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in str(text)
    )


class HubError(Exception):
    """Base class of the hub's own errors."""


class SessionsUnavailable(HubError):
    """The sessions cannot be read now: nobody knows whether one has ended."""


class PolicyHangs(HubError):
    """A project's policy has not answered in time: what it would say is not known."""


class PublishError(HubError, ValueError):
    """An event could not be published; nothing was written."""


class BadEvent(PublishError):
    pass


class BadTopic(PublishError):
    pass


class FrameTooLarge(PublishError):
    pass


class NotAtomic(HubError):
    """publish() was called outside atomic(), where a crash could lose the event of a change."""


class RowGone(HubError):
    """A loaded instance was saved, but its row is gone; nothing was written."""


class BulkRefused(HubError):
    """A bulk write for which signals cannot be sent; nothing was written."""


class ForeignMessage(HubError):
    """A message from the channel layer is not this hub's; it is dropped."""


class UntrustedMessage(ForeignMessage):
    """A message looks like this hub's, but nothing in it may be believed."""


class ProtocolError(HubError):
    """A client's frame that the server does not accept."""


class BadFrame(ProtocolError):
    pass


class BadRequest(ProtocolError):
    """`temporary`: the same frame may be accepted later."""

    def __init__(
        self, code: str, message: str, ref: str | None = None, *, temporary: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.temporary = temporary
        self.message = message
        self.ref = ref
