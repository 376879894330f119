"""Makes users and groups in autocommit, and dies of SIGKILL after each statement in turn.

Prints how many statements there were. Ends with 1 where a row was stored without its event, or an
event without its row.
"""

import os
import signal
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from conftest import make_user  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.db import connection  # noqa: E402

from hub.events import data_of  # noqa: E402
from hub.models import Event  # noqa: E402


def die_after(statements):
    seen = 0

    def count(execute, *statement):
        nonlocal seen
        try:
            return execute(*statement)
        finally:
            seen += 1
            if seen == statements:
                os.kill(os.getpid(), signal.SIGKILL)

    connection.ensure_connection()
    with connection.execute_wrapper(count):
        make_user("ana")
        Group.objects.create(name="clerks")
        Group.objects.bulk_create([Group(name="cooks"), Group(name="guests")])


def lives_through(statements):
    """Whether a child process has come to its end."""
    child = os.fork()
    if child == 0:
        die_after(statements)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def difference():
    """What is stored and not told, or told and not stored. Makes room for the next child."""
    told = {data_of(one.frame)["row"] for one in Event.objects.filter(type="desk.made")}
    models = (Group, get_user_model())
    stored = {str(one.pk) for model in models for one in model.objects.all()}
    for model in (*models, Event):
        model.objects.all().delete()
    connection.close()
    return told ^ stored


statements = 0
while not lives_through(statements + 1):
    statements += 1
    if found := difference():
        sys.exit(f"after statement {statements}: {found}")
print(statements)
