"""Emails from real worker processes and an embedded server to a real SMTP server."""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiosmtpd  # noqa: F401  (with it missing, this file is left out, loudly)
import pytest

from hub.deliveries import lease
from hub.worker.worker import SEND_LIMIT
from tests.end_to_end.shopper import Shopper
from tests.rig.log import unexpected
from tests.rig.mail import MailServer
from tests.rig.postgres import PostgresServer
from tests.rig.process import Process
from tests.rig.python import SECRET
from tests.rig.server import ROOT, Software, environment
from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template
from tests.rig.wait import async_wait_until, wait_until
from tests.stress.proxy import Proxy

START = 60  # seconds until a worker has started, on a busy machine
MAIL_TIMEOUT = 10  # seconds that the shop waits for a mail server's reply
TAKEOVER = lease.SECONDS + START

ORDER = """
from orders.models import Order, Product, User
ana, mug = User.objects.get(username="ana"), Product.objects.get(slug="mug")
for _ in range({}):
    Order.objects.create(product=mug, ordered_by=ana, quantity=1)
"""
DELIVERIES = """
import json
from hub.models import Delivery
print(json.dumps(list(Delivery.objects.values("type", "state", "attempts", "repeats"))))
"""

HOLDER = """
from hub.models import Worker
print(Worker.objects.values_list("holder", flat=True).first() or "")
"""
PRESENT = """
from hub.deliveries.presence import living
print(living().count())
"""


class Workers:
    """Worker processes on one database, and no server."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        self.stack = stack
        self._directory = directory
        self._started: list[Process] = []

    def start(self) -> Process:
        log = self._directory / f"worker{len(self._started)}.log"
        command = [sys.executable, "manage.py", "hub_deliver"]
        worker = Process(command, log=log, env=environment(self.stack.env), cwd=ROOT)
        self._started.append(worker)
        return worker

    def order(self, count: int = 1) -> None:
        self.stack.python(ORDER.format(count))

    def deliveries(self) -> list[dict[str, Any]]:
        return json.loads(self.stack.python(DELIVERIES))

    def present(self) -> int:
        """How many workers are alive, by the database."""
        return int(self.stack.python(PRESENT))

    def end(self) -> None:
        for worker in self._started:
            if worker.is_running():
                assert worker.terminate() == 0
        for worker in self._started:
            assert not unexpected(worker.log.read_text(), [])


async def test_emails_go_on_after_the_connections_to_postgres_have_gone_silent(
    template: Template, postgres_server: PostgresServer, mail_server: MailServer, tmp_path: Path
) -> None:
    _, filled = template.cluster(postgres_server)
    name = postgres_server.create_database(template=filled)
    async with Proxy(postgres_server.port) as proxy:
        env = {"HUB_VAR": str(tmp_path), "SECRET_KEY": SECRET, "EMAIL_URL": mail_server.url}
        direct = Stack("cluster", {**env, "DATABASE_URL": postgres_server.url(name)})
        through = {**env, "DATABASE_URL": postgres_server.url(name, port=proxy.port)}
        workers = Workers(Stack("cluster", through), tmp_path)
        worker = workers.start()
        try:
            await async_wait_until(lambda: len(mail_server.mails) == 3, START, "the welcomes")
            for link in tuple(proxy.links):
                link.stall()  # further ones go through
            await asyncio.to_thread(direct.python, ORDER.format(1))
            await async_wait_until(
                lambda: len(mail_server.mails) == 4, SEND_LIMIT + START, "the order's email"
            )
        finally:
            proxy.calm()
            await asyncio.to_thread(worker.terminate)
    postgres_server.drop_database(name)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(params=["embedded", "cluster"])
def workers(
    request: pytest.FixtureRequest, template: Template, mail_server: MailServer, tmp_path: Path
) -> Iterator[Workers]:
    env = {"HUB_VAR": str(tmp_path), "SECRET_KEY": SECRET, "EMAIL_URL": mail_server.url}
    drop: Callable[[], None] = lambda: None  # noqa: E731
    if request.param == "embedded":
        shutil.copytree(template.embedded(), tmp_path, dirs_exist_ok=True)
    else:
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        _, filled = template.cluster(postgres)
        name = postgres.create_database(template=filled)
        env |= {"DATABASE_URL": postgres.url(name)}
        drop = lambda: postgres.drop_database(name)  # noqa: E731
    made = Workers(Stack(request.param, env), tmp_path)
    yield made
    made.end()
    drop()


def test_another_worker_takes_over_from_one_that_was_killed_while_sending(
    workers: Workers, mail_server: MailServer
) -> None:
    workers.order(3)
    mail_server.stall()
    killed = workers.start()
    wait_until(lambda: mail_server.asked, START, "the first mail")
    workers.start()
    killed.kill()
    mail_server.flow()
    # Three users were welcomed when they were added, and there are three orders.
    wait_until(lambda: len(mail_server.ids()) == 6, TAKEOVER, lambda: str(mail_server.ids()))
    wait_until(lambda: len(mail_server.mails) == 7, START, lambda: str(mail_server.ids()))
    assert sorted(mail_server.ids().values()) == [1, 1, 1, 1, 1, 2]
    wait_until(lambda: all(one["state"] == "sent" for one in workers.deliveries()), START)
    assert sorted(one["repeats"] for one in workers.deliveries()) == [0, 0, 0, 0, 0, 1]


def test_two_workers_send_at_once_and_each_email_once(
    workers: Workers, mail_server: MailServer
) -> None:
    workers.start()
    workers.start()
    wait_until(lambda: workers.present() == 2, START, "two workers")
    wait_until(lambda: len(mail_server.mails) == 3, START, "the welcomes")
    mail_server.stall()
    workers.order(5)
    wait_until(lambda: mail_server.asked == 5, START, "an email of each worker at once")
    mail_server.flow()
    wait_until(lambda: len(mail_server.ids()) == 8, START, lambda: str(mail_server.ids()))
    wait_until(lambda: all(one["state"] == "sent" for one in workers.deliveries()), START)
    assert set(mail_server.ids().values()) == {1}
    assert {one["attempts"] for one in workers.deliveries()} == {1}


def test_when_a_worker_ends_the_other_does_its_work(
    workers: Workers, mail_server: MailServer
) -> None:
    first = workers.start()
    wait_until(lambda: len(mail_server.mails) == 3, START, "the welcomes")
    workers.start()
    workers.order(5)
    wait_until(lambda: len(mail_server.mails) == 8, START, "five orders")
    began = time.monotonic()
    assert first.terminate() == 0
    assert time.monotonic() - began < lease.SECONDS
    workers.order(2)
    wait_until(lambda: len(mail_server.mails) == 10, lease.RENEW + START, "two more orders")
    assert set(mail_server.ids().values()) == {1}
    assert {one["attempts"] for one in workers.deliveries()} == {1}


def test_a_run_from_cron_sends_what_is_due(workers: Workers, mail_server: MailServer) -> None:
    workers.order()
    said = workers.stack.manage("hub_deliver", "--once")
    assert said.strip() == "4 sent, 0 waiting, 0 not needed, 0 given up."
    assert mail_server.recipients() == [
        *("admin@example.com", "ana@example.com", "ana@example.com", "ben@example.com")
    ]
    workers.stack.manage("hub_deliver", "--once")
    assert len(mail_server.mails) == 4


def test_an_embedded_server_sends_emails_and_no_request_waits_for_it(
    template: Template, mail_server: MailServer
) -> None:
    mail_server.stall()
    with embedded_stack(template, env={"EMAIL_URL": mail_server.url}) as stack:
        visitor = Shopper(stack.url)
        password = "a long one, for once"
        answer = visitor.post(
            "/accounts/signup/",
            username="eve",
            email="eve@example.com",
            password1=password,
            password2=password,
        )
        assert answer.status == 302, answer.text
        assert visitor.order("mug").status == 302
        assert visitor.post("/account/delete", password=password).status == 302
        assert visitor.slowest < MAIL_TIMEOUT, "a request waited for the mail server"
        wait_until(lambda: mail_server.asked, START, "a mail that is being sent")
        assert mail_server.answered == 0
        mail_server.flow()
        only = ("eve@example.com", "Confirm your email address")
        wait_until(lambda: only in addressed(mail_server), START, lambda: str(mail_server.ids()))
    # Nobody has confirmed the address, so nothing else goes there.
    assert [to for to, _ in addressed(mail_server)].count("eve@example.com") == 1


@pytest.mark.parametrize("software", ["daphne", "uvicorn"])
def test_an_embedded_server_gives_the_lease_back_at_sigterm(
    template: Template, software: Software
) -> None:
    with embedded_stack(template, software=software) as stack:
        wait_until(lambda: stack.python(HOLDER).strip(), START, "the worker's lease")
        stack.server.terminate()
        assert stack.python(HOLDER).strip() == ""


def addressed(mail_server: MailServer) -> list[tuple[str, str]]:
    """The recipient and the subject of each email."""
    return [(str(mail["To"]), str(mail["Subject"])) for mail in mail_server.mails]


def test_without_a_mail_server_emails_are_files(template: Template) -> None:
    with embedded_stack(template) as stack:
        Shopper(stack.url, "ana").order("mug")
        folder = Path(stack.env["HUB_VAR"]) / "mail"

        def mails() -> str:
            return "".join(one.read_text() for one in folder.glob("*"))

        wait_until(lambda: "We have your order" in mails(), START, mails)
