"""The project's ASGI application."""

import os

from django.core.asgi import get_asgi_application

import hub

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.hub.project.settings")
django = get_asgi_application()
application = hub.asgi_application(django, deliver=True)
