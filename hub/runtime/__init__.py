"""The process: the parts that run while a server runs, and the ASGI application around them."""

from hub.runtime.application import HubApplication
from hub.runtime.runtime import HubRuntime

__all__ = ["HubApplication", "HubRuntime"]
