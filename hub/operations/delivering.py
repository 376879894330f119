"""The examinations of `manage.py hub_doctor` that concern the worker and its deliveries."""

from collections.abc import Iterator

from django.db.models import Min
from django.db.models.functions import Now
from django.utils import timezone

from hub.deliveries import claims, presence
from hub.deliveries.planner import lag
from hub.models import Delivery, Event, Log, PlanFailure, Worker
from hub.models.stamps import CLOCK_TOLERANCE
from hub.operations.finding import Finding

MAX_DELIVERY_DELAY = 300.0  # seconds from the time a delivery is due to its first attempt
MAX_DUE_DELIVERIES = 1_000
MAX_PLANNER_LAG = 60.0  # seconds from an event to its deliveries

START = "start manage.py hub_deliver; with deliver=True the server does its work, while it runs"
SLOW = "a running worker keeps up with them: see its log, and deliveries in the admin"


def worker() -> Iterator[Finding]:
    row = Worker.objects.annotate(now=Now()).values("holder", "until", "error", "now").first()
    if row is None or not row["holder"] or row["until"] is None:
        yield Finding("worker", "warning", "none is running: no emails are sent", START)
    elif row["until"] <= row["now"]:
        ago = (row["now"] - row["until"]).total_seconds()
        text = f"the lease of {row['holder']} ended {ago:.0f} s ago: it was killed or is frozen"
        yield Finding("worker", "warning", text, START)
    elif row["until"] > row["now"] + 2 * presence.LIFE:
        text = f"{row['holder']} took the lease by a clock that was ahead: it counts as free"
        yield Finding("worker", "warning", text, START)
    else:
        yield Finding("worker", "ok", f"{row['holder']} is running")
    if row is not None and row["error"]:
        hint = "emails are sent again once this is corrected"
        yield Finding("worker", "failure", f"no emails are sent: {row['error']}", hint)


def planner() -> Iterator[Finding]:
    behind = lag()
    if behind.seconds > MAX_PLANNER_LAG:
        text = f"{behind.events} events are not planned yet, the oldest for {behind.seconds:.0f} s"
        yield Finding("planner", "warning", text, "see the log of the worker that holds the lease")
    else:
        yield Finding("planner", "ok", f"{behind.events} events are not planned yet")
    failures = PlanFailure.objects.order_by("position")
    if first := failures.first():
        text = f"{failures.count()} events were set aside; position {first.position}: {first.error}"
        hint = "correct the cause, see the worker's log; the worker tries again once an hour"
        yield Finding("planner", "failure", text, hint)


def deliveries() -> Iterator[Finding]:
    states = Delivery.State
    # Along an index each: most rows were sent long ago.
    due = Delivery.objects.filter(state=states.WAITING, due_at__lte=Now())
    count, oldest = due.count(), due.aggregate(oldest=Min("due_at"))["oldest"]
    failed = Delivery.objects.filter(state=states.FAILED).count()
    text = f"{count} are due now, {failed} were given up"
    late = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    if late > MAX_DELIVERY_DELAY or count > MAX_DUE_DELIVERIES:
        waiting = f"{text}; the oldest has waited for {late:.0f} s"
        yield Finding("deliveries", "warning", waiting, SLOW)
    else:
        yield Finding("deliveries", "ok", text)


def time_stamps() -> Iterator[Finding]:
    """Times that a clock wrote that was ahead. The hub treats them as old."""
    worker, log = Worker.objects.filter(pk=1).first(), Log.objects.filter(pk=1).first()
    newest = Event.objects.filter(position__isnull=False).order_by("-position").first()
    stamps = [(worker, "clearing_at"), (worker, "pruned_at"), (log, "horizon_at"), (newest, "at")]
    latest = timezone.now() + CLOCK_TOLERANCE
    ahead = [name for row, name in stamps if (getattr(row, name, None) or latest) > latest]
    if claims.misdated().exists():
        ahead.append("due_at")
    if ahead:
        hint = "a machine's clock is or was ahead: let NTP set it; the hub treats such times as old"
        text = f"these are in the future: {', '.join(ahead)}"
        yield Finding("time stamps", "warning", text, hint)
    else:
        yield Finding("time stamps", "ok", "none is in the future")
