"""For Uvicorn: `uvicorn --ws hub.servers.uvicorn:FrameProtocol …`, which writes finished frames.

Uvicorn encodes the same event anew for each of the sockets that it goes to. Here an event is one
frame, made once, and each socket costs a write.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from hub.servers import tested

tested.require("hub.servers.uvicorn:FrameProtocol", uvicorn="0.54", websockets="17")

OPEN = State.OPEN


class FrameProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's own protocol, which also takes finished frames."""

    def write_frame(self, frame: bytes) -> bool:
        """Write a finished text frame where `send` would write the same bytes at once.

        False where `send` would wait, compress, raise or log: then nothing was written.
        """
        conn = self.conn
        if (
            not self.writable.is_set()
            or conn.state is not OPEN
            or conn.extensions
            or conn.expect_continuation_frame
            or conn.debug
            or not self.handshake_complete
            or self.disconnected
            or self.close_sent
            or self.initial_response is not None
        ):
            return False
        self.transport.write(frame)
        return True
