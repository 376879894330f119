"""Makes users with a session each: `python -m served.people COUNT`; prints them as JSON."""

import json
import sys
from importlib import import_module
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402

from hub.testing import ticket_for  # noqa: E402
from orders.models import User  # noqa: E402

BACKEND = "django.contrib.auth.backends.ModelBackend"


def make(count: int, sessions: bool) -> list[dict[str, Any]]:
    known = User.objects.filter(username__startswith="bench-").count()
    names = [f"bench-{number}" for number in range(known, known + count)]
    User.objects.bulk_create(
        [User(username=name, email=f"{name}@example.com", password=f"!{name}") for name in names]
    )
    people = []
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for user in User.objects.filter(username__in=names).order_by("pk"):
        person = {"pk": user.pk, "ticket": ticket_for(user), "cookie": ""}
        if sessions:
            session = store()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = BACKEND
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save()
            person["cookie"] = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
        people.append(person)
    return people


if __name__ == "__main__":
    print(json.dumps(make(int(sys.argv[1]), len(sys.argv) > 2)))
