"""The project's settings, with the facts application and a layer that can be made unreliable."""

import json
import os

from asgi.settings import *  # noqa: F403
from asgi.settings import CHANNEL_LAYERS, HUB, INSTALLED_APPS, REDIS_URL

INSTALLED_APPS = [*INSTALLED_APPS, "tests.stress.facts"]
HUB = HUB | json.loads(os.environ.get("STRESS_HUB", "{}"))
# People of these tests sign in by the hundred; their passwords are not worth the time.
if not os.environ.get("STRESS_REAL_HASHES"):
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ASGI_APPLICATION = "tests.stress.application.application"
if REDIS_URL:
    CHANNEL_LAYERS["default"]["BACKEND"] = "tests.stress.layer.UnreliableLayer"
