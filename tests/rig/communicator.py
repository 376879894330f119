"""The hub's own test helper, for a machine that may be busy with other things."""

from collections.abc import Collection
from typing import Any

from hub.testing import HubCommunicator
from tests.rig.wait import PATIENCE


class PatientCommunicator(HubCommunicator):
    """Waits as long as the rig does where a test does not say how long."""

    async def connect(
        self,
        timeout: float = PATIENCE,
        *,
        topics: Collection[str] = (),
        resume: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        return await super().connect(timeout, topics=topics, resume=resume)

    async def disconnect(self, code: int = 1000, timeout: float = PATIENCE) -> None:
        await super().disconnect(code, timeout)

    async def handshake(self, timeout: float = PATIENCE) -> tuple[bool, Any]:
        return await super().handshake(timeout)

    async def next(self, timeout: float = PATIENCE) -> dict[str, Any]:
        return await super().next(timeout)

    async def hear(self, op: str, timeout: float = PATIENCE) -> dict[str, Any]:
        return await super().hear(op, timeout)

    async def expect(self, type: str, timeout: float = PATIENCE) -> dict[str, Any]:
        return await super().expect(type, timeout)

    async def closed(self, timeout: float = PATIENCE) -> int:
        return await super().closed(timeout)
