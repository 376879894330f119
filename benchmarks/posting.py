"""Asks the hub's server under measurement to do something; see `served/hub.py`."""

import json
import urllib.request
from typing import Any

PATIENCE = 300.0  # seconds


def post(url: str, name: str, **asked: Any) -> Any:
    request = urllib.request.Request(f"{url}/bench/{name}", json.dumps(asked).encode())
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read())
