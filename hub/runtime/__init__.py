"""The parts that run inside a server process, and the ASGI application around them."""

from hub.runtime.application import HubApplication
from hub.runtime.runtime import HubRuntime

__all__ = ["HubApplication", "HubRuntime"]
