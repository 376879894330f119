"""The hub's pages: `path("hub/", include("hub.urls"))`."""

from django.urls import path

from hub.deliveries.views import Unsubscribe
from hub.operations import prometheus
from hub.operations.health import healthz, readyz
from hub.ui import bell, dashboard, inbox, preferences, trace
from hub.ui.ticket import TicketView

app_name = "hub"
urlpatterns = [
    path("inbox/", inbox.index, name="inbox"),
    path("inbox/unseen", bell.unseen, name="inbox-unseen"),
    path("inbox/seen", inbox.report_seen, name="inbox-seen"),
    path("inbox/undo", inbox.undo, name="inbox-undo"),
    path("inbox/all/<slug:action>", inbox.set_all, name="inbox-all"),
    path("inbox/<int:position>/", inbox.open_event, name="inbox-open"),
    path("inbox/<int:position>/snooze", inbox.snooze, name="inbox-snooze"),
    path("inbox/<int:position>/<slug:action>", inbox.set_flag, name="inbox-flag"),
    path("preferences/", preferences.choose, name="preferences"),
    path("preferences/mute", preferences.mute, name="mute"),
    path("preferences/quiet-hours", preferences.quiet_hours, name="quiet-hours"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/history", dashboard.history, name="dashboard-history"),
    path("dashboard/trace/", trace.events, name="trace"),
    path("dashboard/trace/<int:position>/", trace.event, name="trace-event"),
    path("metrics", prometheus.metrics, name="metrics"),
    path("unsubscribe/<str:token>/", Unsubscribe.as_view(), name="unsubscribe"),
    path("ticket", TicketView.as_view(), name="ticket"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
