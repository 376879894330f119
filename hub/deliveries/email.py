"""Email as a means: sends through Django's backend and interprets an SMTP server's replies."""

import contextlib
import smtplib
from typing import Any

import django
from django.core.mail import EmailMessage, get_connection

from hub.deliveries.email_message import write_digest, write_mail
from hub.deliveries.means import Deferred, Letter, Means, MeansError, Refused
from hub.policy import current_policy

EMAILS_PER_CONNECTION = 100  # many servers accept no more over one connection
SERVICE_CLOSING = 421  # RFC 5321, 3.8: the server closes the connection, and smtplib its socket


class Email(Means):
    """Sends through the default mailer of `MAILERS`, or through `EMAIL_BACKEND`.

    Set its timeout: without it, a server that stops answering holds up the worker.
    """

    name = "email"
    digests = True

    def __init__(self) -> None:
        self._connection: Any = None
        self._sent = 0  # over this connection

    def address(self, person: Any) -> str | None:
        return current_policy().address(person)

    def compose(self, letter: Letter) -> EmailMessage:
        return write_mail(letter)

    def compose_digest(self, letters: list[Letter]) -> EmailMessage:
        return write_digest(letters)

    def open(self) -> None:
        """Connect. Raises what the backend raises if the server cannot be reached."""
        if self._sent >= EMAILS_PER_CONNECTION:
            self.close()
        if self._connection is None:
            connection = _make_connection()
            connection.open()
            self._connection = connection

    def send(self, composed: EmailMessage) -> None:
        self._sent += 1
        try:
            sent = self._connection.send_messages([composed])
        except smtplib.SMTPRecipientsRefused as error:
            raise self._verdict(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPDataError as error:
            raise self._verdict(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            # The sender, the greeting or the log-in was refused: the configuration is wrong, not
            # this email. It is sent once that is corrected.
            self.close()
            raise Deferred(_reply(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPNotSupportedError, ValueError) as error:
            raise Refused(f"this email cannot be sent: {error}") from error
        except OSError:
            self.close()
            raise
        if sent == 0:
            raise Deferred("the email backend sent nothing")

    def close(self) -> None:
        connection, self._connection, self._sent = self._connection, None, 0
        if connection is not None:
            with contextlib.suppress(OSError):  # it may be broken already
                connection.close()

    def _verdict(self, code: int, text: bytes | str) -> MeansError:
        """RFC 5321, 4.2.1: 5xx is final; anything else may succeed another time."""
        if code == SERVICE_CLOSING:
            self.close()
        reply = _reply(code, text)
        return Refused(reply) if 500 <= code < 600 else Deferred(reply)


def _make_connection() -> Any:
    if django.VERSION < (6, 1):
        return get_connection()
    from django.core.mail import mailers

    return mailers.default


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {words}"
