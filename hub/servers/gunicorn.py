"""For gunicorn: `gunicorn --worker-class hub.servers.gunicorn.FrameWorker …`.

It is gunicorn's own ASGI worker, and writes finished frames; `hub.servers.uvicorn` says why.
"""

from typing import Any

from gunicorn.asgi import websocket
from gunicorn.workers.gasgi import ASGIWorker

from hub.servers import tested

tested.require("hub.servers.gunicorn.FrameWorker", gunicorn="27.0")


class FrameProtocol(websocket.WebSocketProtocol):
    """gunicorn's own protocol, which also takes finished frames."""

    def __init__(self, *args: Any, drain: Any = None, **options: Any) -> None:
        super().__init__(*args, drain=drain, **options)
        self._flow = getattr(drain, "__self__", None)

    def write_frame(self, frame: bytes) -> bool:
        """Write a finished text frame where `send` would write the same bytes at once.

        False where `send` would wait or raise: then nothing was written.
        """
        flow = self._flow
        if (
            flow is None
            or flow.write_paused
            or not self.accepted
            or self.closed
            or self._close_sent
        ):
            return False
        self.transport.write(frame)
        return True


class FrameWorker(ASGIWorker):
    """gunicorn's ASGI worker, whose sockets take finished frames."""

    def init_process(self) -> None:
        # gunicorn has no option for the class, and looks it up here for each socket.
        websocket.WebSocketProtocol = FrameProtocol
        super().init_process()
