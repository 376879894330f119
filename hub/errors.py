"""The hub's own errors.

HubError
 ├─ PublishError (ValueError)
 │   ├─ BadEvent           the event cannot be shown: wrong field, name, severity or link
 │   ├─ BadTopic           the topic does not follow the grammar
 │   └─ FrameTooLarge      the encoded event is over the bound
 ├─ NotAtomic              publish() was called outside a transaction
 ├─ BulkRefused            a bulk write that could not keep the signals' promises
 ├─ ForeignMessage         the channel layer brought what is not this hub's
 └─ ProtocolError          a client's frame
     ├─ BadFrame           not the protocol: the connection ends (4500)
     └─ BadRequest         understood, but wrong: answered, the connection stays
"""


class HubError(Exception):
    """Base of everything the hub raises on purpose."""


class PublishError(HubError, ValueError):
    """An event could not be published; nothing was written."""


class BadEvent(PublishError):
    pass


class BadTopic(PublishError):
    pass


class FrameTooLarge(PublishError):
    pass


class NotAtomic(HubError):
    """publish() outside atomic(): a crash could separate the change from its event."""


class BulkRefused(HubError):
    """A bulk write whose signals could not be sent; nothing was written."""


class ForeignMessage(HubError):
    """What the channel layer brought is not this hub's; it is dropped."""


class ProtocolError(HubError):
    """A client's frame that the server does not take."""


class BadFrame(ProtocolError):
    pass


class BadRequest(ProtocolError):
    """`temporary`: the same frame may be taken later."""

    def __init__(
        self, code: str, message: str, ref: str | None = None, *, temporary: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.temporary = temporary
        self.message = message
        self.ref = ref
