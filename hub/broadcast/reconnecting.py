"""Breaks connections of the channel layer that are open and dead.

Redis may have moved, or its machine may be gone: nothing tells the client, and its subscriptions
stay on a connection that brings nothing. A broken one is made anew, with all of its subscriptions,
also those of a project's own consumers.
"""

from typing import Any

from channels.layers import BaseChannelLayer


async def reconnect(layer: BaseChannelLayer) -> None:
    """Break what `layer` listens on, if it is channels_redis's pub/sub; others are left alone."""
    own: Any = getattr(layer, "_get_layer", lambda: None)()  # of this event loop
    for shard in getattr(own, "_shards", ()):
        connection = getattr(getattr(shard, "_pubsub", None), "connection", None)
        if connection is not None:
            await connection.disconnect(nowait=True)
