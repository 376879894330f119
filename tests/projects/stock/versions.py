"""Two versions of one event type, in processes of their own: `versions.py publish|read NUMBER`.

Version 2 has a field more, a required one, and another title. `read` prints what a socket, the
inbox and its page, the bell and an email show.
"""

import asyncio
import json
import os
import sys
from typing import ClassVar

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

from asgiref.sync import sync_to_async  # noqa: E402
from config.asgi import application  # noqa: E402
from conftest import make_user  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core import mail  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402

import hub  # noqa: E402
from hub import log  # noqa: E402
from hub.inbox import Inbox  # noqa: E402
from hub.policy import Policy  # noqa: E402
from hub.testing import HubCommunicator  # noqa: E402
from hub.ui.bell import unseen_count  # noqa: E402
from hub.worker.worker import Worker  # noqa: E402

VERSION = int(sys.argv[2])


if VERSION == 1:

    class Paid(hub.EventType, frozen=True):
        type: ClassVar[str] = "bill.paid"
        mail: ClassVar[bool] = True
        amount: int

        def title(self):
            return f"Paid {self.amount}"

else:

    class Paid(hub.EventType, frozen=True):
        type: ClassVar[str] = "bill.paid"
        mail: ClassVar[bool] = True
        amount: int
        currency: str

        def title(self):
            return f"Paid {self.amount} {self.currency}"


def publish():
    Worker(Policy()).run_once()  # emails begin with the first worker
    user = make_user("ana")
    fields = {} if VERSION == 1 else {"currency": "EUR"}
    with transaction.atomic():
        hub.publish(Paid(amount=7, **fields), hub.user_topic(user.pk))


def read():
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        Worker(Policy()).run_once()
    user = get_user_model().objects.get()
    client = Client()
    client.force_login(user)
    page = client.get("/hub/inbox/", headers={"Host": "localhost"}).content.decode()
    [item] = Inbox(user).page().items
    shown = {
        "inbox": item.frame["title"],
        "page": item.frame["title"] in page,
        "bell": unseen_count(user),
        "emails": [one.subject for one in mail.outbox],
        "socket": asyncio.run(replayed(user)),
    }
    print(json.dumps(shown))


async def replayed(user):
    epoch = (await sync_to_async(log.state)()).epoch
    browser = HubCommunicator(application, user=user)
    await browser.connect(resume={"epoch": epoch, "position": 0})
    title = (await browser.expect("bill.paid"))["title"]
    await browser.leave()
    return title


{"publish": publish, "read": read}[sys.argv[1]]()
