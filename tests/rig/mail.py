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
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.rig.certificate import Certificate
from tests.rig.ports import free_port
from tests.rig.wait import PATIENCE

USER, PASSWORD = "hub", "a-secret"  # where a log-in is asked for

Answer = str | None  # a reply such as "550 no"; None: take it


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right)


class MailServer:
    """A context manager. `mails` are those it has accepted, in order.

    `on_recipient` and `on_data` decide, given the address and the mail; they may be replaced at
    any time. `hang_up` counts down mails that are accepted and then not answered: the connection
    is cut instead. From `stall` to `flow` nothing is answered behind DATA, accepted or not.
    With a certificate, clients must start TLS and log in as USER with PASSWORD.
    """

    def __init__(self, certificate: Certificate | None = None) -> None:
        self.port = free_port()
        self.pace = 0.0  # seconds that the reply to each email's text takes
        self._certificate = certificate
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
        secured: dict[str, Any] = {}
        if self._certificate is not None:
            secured = {
                "tls_context": self._certificate.server_context(),
                "require_starttls": True,
                "authenticator": _authenticate,
                "auth_required": True,
            }
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, ready_timeout=PATIENCE, **secured
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
        if self._certificate is None:
            return f"smtp://127.0.0.1:{self.port}"
        return f"smtp+tls://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

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
        await asyncio.sleep(self.pace)
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
