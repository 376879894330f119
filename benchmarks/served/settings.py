"""The project's settings, with what a table changes in HUB (the variable BENCH_HUB, as JSON)."""

import json
import os

from asgi.settings import *  # noqa: F403
from asgi.settings import HUB

HUB = HUB | json.loads(os.environ.get("BENCH_HUB", "{}"))
ASGI_APPLICATION = "served.hub.application"
