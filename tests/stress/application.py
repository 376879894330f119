"""The project's application with a control beside it that only tests have."""

import os

from channels.routing import ProtocolTypeRouter

from asgi.application import django  # first: it sets Django up
from hub.runtime.application import HubApplication
from hub.runtime.routing import socket_routes
from tests.stress import faults
from tests.stress.control import Control
from tests.stress.impatient import Impatient
from tests.stress.layer import make_notify_unreliable
from tests.stress.policy import StressPolicy

faults.install()
make_notify_unreliable()
sockets = socket_routes()
if os.environ.get("STRESS_IMPATIENT"):
    sockets = Impatient(sockets)
hub = HubApplication(
    ProtocolTypeRouter({"http": django, "websocket": sockets}), policy=StressPolicy()
)
application = Control(hub)
