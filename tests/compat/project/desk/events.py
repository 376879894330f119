from typing import ClassVar

import hub


class TicketAnswered(hub.EventType, frozen=True):
    type: ClassVar[str] = "ticket.answered"
    severity: ClassVar[str] = "success"
    mail: ClassVar[bool] = True
    ticket: int

    def title(self) -> str:
        return f"Ticket {self.ticket} was answered"

    def url(self) -> str:
        return f"/tickets/{self.ticket}/"


class DeskClosed(hub.EventType, frozen=True):
    type: ClassVar[str] = "desk.closed"
    reason: str

    def title(self) -> str:
        return "The desk is closed"

    def body(self) -> str:
        return self.reason

    def key(self) -> str | None:
        return "desk"


class AccountClosed(hub.EventType, frozen=True):
    type: ClassVar[str] = "account.closed"
    mail: ClassVar[bool] = True

    def title(self) -> str:
        return "Your account was closed"
