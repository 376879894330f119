"""A server's `send` that a test opens, shuts and breaks."""

import asyncio


class Server:
    """The server's `send`: takes what comes while `gate` is open."""

    def __init__(self, error=None):
        self.gate = asyncio.Event()
        self.gate.set()
        self.error = error
        self.taken = []

    async def send(self, event):
        await asyncio.sleep(0) if event.get("slow") else None
        while not self.gate.is_set():
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.taken.append(event)


def ignore(error):
    """What is sent in these tests fails because the peer left."""
