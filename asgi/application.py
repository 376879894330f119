"""The ASGI application: Django serves HTTP, the hub's consumer WebSockets, the hub wraps both.

Order matters here: Django must be set up before a module that touches models is imported.
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asgi.settings")
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from asgi.routing import websockets  # noqa: E402
from hub.runtime import HubApplication  # noqa: E402

application = HubApplication(
    ProtocolTypeRouter({"http": django, "websocket": websockets}),
    # An embedded site has one process; otherwise the Procfile's worker delivers.
    deliver=settings.EMBEDDED,
)
