"""The ASGI application: Django serves HTTP, the hub's consumer WebSockets, the hub wraps both.

Order matters here: Django must be set up before a module that touches models is imported.
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asgi.settings")
django = get_asgi_application()

from django.conf import settings  # noqa: E402

import hub  # noqa: E402

# An embedded site has one process; otherwise the Procfile's worker delivers.
application = hub.asgi_application(django, deliver=settings.EMBEDDED)
