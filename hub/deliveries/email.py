"""E-mail as a means: Django's backend, and what an SMTP server's answers mean."""

import contextlib
import smtplib
from typing import Any

from django.core.mail import EmailMessage, get_connection

from hub.deliveries.email_message import write_mail
from hub.deliveries.means import Deferred, Letter, Means, MeansError, Refused

PER_CONNECTION = 100  # mails; many servers take no more over one


class Email(Means):
    """Through `EMAIL_BACKEND`; set EMAIL_TIMEOUT, or a server that stalls holds up the worker."""

    name = "email"

    def __init__(self) -> None:
        self._connection: Any = None
        self._sent = 0  # over this connection

    def address(self, person: Any) -> str:
        return getattr(person, person.get_email_field_name()) or ""

    def compose(self, letter: Letter) -> EmailMessage:
        return write_mail(letter)

    def open(self) -> None:
        """Raises what the backend raises where the server cannot be reached."""
        if self._sent >= PER_CONNECTION:
            self.close()
        if self._connection is None:
            connection = get_connection()
            connection.open()
            self._connection = connection

    def send(self, composed: EmailMessage) -> None:
        self._sent += 1
        try:
            sent = self._connection.send_messages([composed])
        except smtplib.SMTPRecipientsRefused as error:
            raise _verdict(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPDataError as error:
            raise _verdict(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            # The sender, the greeting, a log-in: about us, not about this mail. Somebody mends it.
            self.close()
            raise Deferred(_answer(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPNotSupportedError, ValueError) as error:
            raise Refused(f"this mail cannot be sent: {error}") from error
        except OSError:
            self.close()
            raise
        if sent == 0:
            raise Deferred("the e-mail backend sent nothing")

    def close(self) -> None:
        connection, self._connection, self._sent = self._connection, None, 0
        if connection is not None:
            with contextlib.suppress(OSError):  # it may be broken already; it is given up
                connection.close()


def _verdict(code: int, text: bytes | str) -> MeansError:
    """RFC 5321, 4.2.1: 5xx is final, anything else may go well another time."""
    answer = _answer(code, text)
    return Refused(answer) if 500 <= code < 600 else Deferred(answer)


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {words}"
