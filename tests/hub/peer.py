"""The other end of a socket, as a server sees it: one that may misbehave."""

import asyncio
import json

from tests.rig.wait import PATIENCE


class Peer:
    """A server's side of a socket that can stop reading, or be gone."""

    def __init__(self, site, *topics, cookie=None):
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_gone = False
        self.frames = []
        self.is_sent_away = False  # a goodbye is on its way, taken or not
        self.closed = None
        self._receive = asyncio.Queue()
        self._receive.put_nowait({"type": "websocket.connect"})
        self._say({"op": "hello", "topics": list(topics)})
        headers = [(b"cookie", f"sessionid={cookie}".encode())] if cookie else []
        scope = {"type": "websocket", "path": "/ws/", "headers": headers, "subprotocols": []}
        self.task = asyncio.create_task(site.application(scope, self._receive.get, self._send))

    def _say(self, frame):
        self._receive.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    async def _send(self, event):
        if self.is_gone:
            raise ConnectionResetError("the client has left")
        self.is_sent_away |= '"op":"goodbye"' in event.get("text", "")
        await self.gate.wait()
        if event["type"] == "websocket.close":
            self.closed = event["code"]
        elif event["type"] == "websocket.send":
            frame = json.loads(event["text"])
            if frame["op"] == "ping":
                self._say({"op": "pong", "position": frame["position"]})
            else:
                self.frames.append(frame)

    def texts(self):
        return [one["data"]["text"] for one in self.frames if one["op"] == "event"]

    async def leave(self):
        self._receive.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.task, PATIENCE)
