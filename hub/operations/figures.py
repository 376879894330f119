"""What is exported to Prometheus: the figures of this process, and those of the log.

Those of a process carry its name as a label, so that several behind one address are told apart.
Those of the log are the same whichever process answers: add them up over processes and they are
wrong.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import Error as DatabaseError
from django.db.models import Count, Min
from django.db.models.functions import Now
from django.utils import timezone

from hub import log
from hub.deliveries.planner import lag
from hub.metrics import TOPIC
from hub.metrics.exposition import Figure, HistogramFigure, Kind, Pairs
from hub.metrics.totals import BOUNDS
from hub.models import Delivery, Event

logger = logging.getLogger("hub")

Figures = list[Figure | HistogramFigure]
OPEN_STATES = (Delivery.State.WAITING, Delivery.State.SENDING, Delivery.State.FAILED)


def of_process(runtime: Any | None) -> Figures:
    """Of the runtime of this process, in its event loop; none where no server runs."""
    if runtime is None:
        return []
    label = (("process", str(runtime.process)),)
    meter, sockets, follower = runtime.meter, runtime.meter.sockets, runtime.follower

    def one(name: str, kind: Kind, help: str, value: float) -> Figure:
        return Figure(name, kind, help, {label: value})

    def each(name: str, key: str, help: str, counts: Mapping[Any, int]) -> Figure:
        values: dict[Pairs, float] = {
            (*label, (key, str(value))): count for value, count in counts.items()
        }
        return Figure(name, "counter", help, values)

    return [
        HistogramFigure(
            "http_server_request_duration_seconds",
            "Duration of HTTP requests, from the application's first byte to its last.",
            BOUNDS,
            {
                (
                    *label,
                    ("http_request_method", labels.method),
                    ("url_scheme", labels.scheme),
                    ("http_route", labels.route),
                    ("http_response_status_code", labels.status),
                    ("error_type", labels.error),
                ): (histogram.counts, histogram.sum)
                for labels, histogram in meter.totals.snapshot().items()
            },
        ),
        one(
            "http_server_active_requests",
            "gauge",
            "HTTP requests in flight.",
            meter.in_flight,
        ),
        one("hub_connections", "gauge", "Sockets that were welcomed.", len(runtime.connections)),
        one(
            "hub_topics",
            "gauge",
            "Topics that a socket receives, without the figures' own.",
            len(runtime.fanout.topics - {TOPIC}),
        ),
        one(
            "hub_events_sent_total",
            "counter",
            "Logged events handed to sockets, one per socket.",
            sockets.events_sent,
        ),
        one(
            "hub_events_acknowledged_total",
            "counter",
            "Of those, the ones that the client said it has handled.",
            sockets.events_acknowledged,
        ),
        each(
            "hub_welcomes_total",
            "outcome",
            "Sockets that were welcomed: complete, or why the stream began anew.",
            sockets.welcomes,
        ),
        each("hub_closes_total", "code", "Sockets that ended, by close code.", sockets.closes),
        one(
            "hub_position",
            "gauge",
            "Position in the log that this process has followed.",
            follower.position,
        ),
        one(
            "hub_layer_degraded",
            "gauge",
            "1 while the channel layer is silent and the log is polled.",
            follower.degraded,
        ),
        one("hub_ready", "gauge", "1 while new clients should come here.", runtime.is_ready),
    ]


def of_log() -> Figures:
    """Of the database. Where it does not answer, only that is known."""
    up = "1 if the database answered."
    try:
        return [*_of_log(), Figure("hub_database_up", "gauge", up, {(): 1})]
    except DatabaseError as error:
        logger.warning("the figures of the log cannot be read: %s", error)
        return [Figure("hub_database_up", "gauge", up, {(): 0})]


def _of_log() -> Figures:
    behind = lag()
    waiting = Event.objects.filter(position=None).aggregate(count=Count("*"), oldest=Min("at"))
    due = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=Now())
    # Along an index each: most rows were sent long ago.
    states = {state: Delivery.objects.filter(state=state).count() for state in OPEN_STATES}
    by_state: dict[Pairs, float] = {(("state", state.value),): states[state] for state in states}
    figures: list[tuple[str, str, float]] = [
        ("hub_log_head", "Newest position of the log.", log.state().head),
        ("hub_log_unnumbered_events", "Committed events without a position.", waiting["count"]),
        (
            "hub_log_unnumbered_age_seconds",
            "Age of the oldest event without a position.",
            _age(waiting["oldest"]),
        ),
        ("hub_planner_behind_events", "Events whose deliveries are not planned.", behind.events),
        (
            "hub_deliveries_overdue_seconds",
            "How long the oldest delivery that is due has waited.",
            _age(due.aggregate(oldest=Min("due_at"))["oldest"]),
        ),
    ]
    return [
        *(Figure(name, "gauge", help, {(): value}) for name, help, value in figures),
        Figure("hub_deliveries", "gauge", "Deliveries that are not sent, by state.", by_state),
    ]


def _age(since: Any) -> float:
    return max(0.0, (timezone.now() - since).total_seconds()) if since else 0.0
