import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from desk.policy import DeskPolicy  # noqa: E402
from django.urls import path  # noqa: E402

from hub.consumers import HubConsumer  # noqa: E402
from hub.runtime import HubApplication  # noqa: E402

application = HubApplication(
    ProtocolTypeRouter(
        {"http": django, "websocket": URLRouter([path("ws/", HubConsumer.as_asgi())])}
    ),
    policy=DeskPolicy(),
    deliver=False,
)
