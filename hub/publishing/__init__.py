"""Publishing: an event becomes a row of the log, in the transaction of its change."""

from hub.publishing.publisher import (
    committed,
    ephemeral,
    publish,
    publish_ephemeral,
    publish_many,
)

__all__ = ["committed", "ephemeral", "publish", "publish_ephemeral", "publish_many"]
