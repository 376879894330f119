from typing import ClassVar

import hub


class Made(hub.EventType, frozen=True):
    """Somebody else's row was made: a group, a user."""

    type: ClassVar[str] = "desk.made"
    row: str


class TicketAnswered(hub.EventType, frozen=True):
    type: ClassVar[str] = "ticket.answered"
    ticket: int

    def title(self) -> str:
        return f"Ticket {self.ticket} was answered"
