"""A real SMTP server in this process, that takes mail, refuses it, stalls, hangs up, goes and
comes back. Needs aiosmtpd, so files that use it import that at their top."""

import asyncio
import email
import email.policy
import threading
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.rig.ports import free_port
from tests.rig.wait import PATIENCE

Answer = str | None  # a reply such as "550 no"; None: take it


class MailServer:
    """A context manager. `mails` are those it has accepted, in order.

    `on_recipient` and `on_data` decide, given the address and the mail; they may be replaced at
    any time. `hang_up` counts down mails that are accepted and then not answered: the connection
    is cut instead. From `stall` to `flow` nothing is answered behind DATA, accepted or not.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.asked = 0  # mails whose text has arrived, accepted or not; of these, answered
        self.answered = 0
        self.hang_up = 0
        self.on_recipient: Callable[[str], Answer] = lambda address: None
        self.on_data: Callable[[EmailMessage], Answer] = lambda mail: None
        self._flowing = threading.Event()
        self._flowing.set()
        self._controller: Controller | None = None

    def __enter__(self) -> "MailServer":
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.flow()
        self.stop()

    def start(self) -> None:
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, ready_timeout=PATIENCE
        )
        self._controller.start()

    def stop(self) -> None:
        """Nobody answers on the port any more."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def stall(self) -> None:
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    @property
    def url(self) -> str:
        """An EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def ids(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(str(mail["Message-ID"]) for mail in self.mails)

    def recipients(self) -> list[str]:
        return sorted(str(mail["To"]) for mail in self.mails)

    # What aiosmtpd calls

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        refusal = self.on_recipient(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> Any:
        content = envelope.original_content or b""
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        refusal = self.on_data(mail)
        if refusal is None:
            self.mails.append(mail)
        self.asked += 1
        while not self._flowing.is_set():
            await asyncio.sleep(0.02)
        self.answered += 1
        if refusal is not None:
            return refusal
        if self.hang_up:
            self.hang_up -= 1
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"
