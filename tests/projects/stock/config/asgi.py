import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

import hub  # noqa: E402

routes = URLRouter([path("ws/", hub.HubConsumer.as_asgi())])
application = hub.HubApplication(ProtocolTypeRouter({"http": django, "websocket": routes}))
