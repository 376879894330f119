"""The import path that projects use; the code is in `hub.operations` and `hub.ui`."""

from hub.operations.health import healthz as healthz
from hub.operations.health import readyz as readyz
from hub.ui.ticket import TicketView as TicketView
