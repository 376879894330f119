"""A request runs in the task that the server software cancels once its client has left."""

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from hub.runtime.requests import Requests


async def serve(requests: Requests, application: Any, *request: Any) -> None:
    with requests._shutdown.serving():
        await application(*request)


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch.object(Requests, "serve", serve):
        yield
