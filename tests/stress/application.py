"""The project's application with a control beside it that only tests have."""

from channels.routing import ProtocolTypeRouter

from asgi.application import django  # first: it sets Django up
from asgi.routing import websockets
from hub.runtime.application import HubApplication
from tests.stress import faults
from tests.stress.control import Control
from tests.stress.policy import StressPolicy

faults.install()
hub = HubApplication(
    ProtocolTypeRouter({"http": django, "websocket": websockets}), policy=StressPolicy()
)
application = Control(hub)
