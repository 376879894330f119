import os

from django.core.asgi import get_asgi_application

import hub

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = hub.asgi_application(get_asgi_application())
