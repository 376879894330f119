from typing import ClassVar

import hub


class TicketAnswered(hub.EventType, frozen=True):
    type: ClassVar[str] = "ticket.answered"
    ticket: int

    def title(self) -> str:
        return f"Ticket {self.ticket} was answered"
