"""The prefix that the site is served at: the server's own word, never a client's.

Daphne takes it from the header `Daphne-Root-Path` of any request, and hides that header. All links
of a page begin with the prefix, its scripts and forms too: so a client could have a cache in front
of the site keep a page whose scripts come from another host.
"""

from typing import Any

from hub.runtime.asgi import Scope
from hub.sockets.wire import server_connection


def own_root_path(scope: Scope, send: Any) -> str:
    """What the server was started with (`--root-path`); else what the scope says."""
    connection = server_connection(send)
    if type(connection).__module__.startswith("daphne."):
        return str(connection.server.root_path or "")
    return str(scope.get("root_path") or "")
