"""What the admin calls models and columns, in the language of who looks.

Set beside the classes: names in a field or in `Meta` would be a part of the migrations, and each
change of a word would be a migration in every project.
"""

from collections.abc import Iterable

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

MODELS = {
    "Delivery": (_("delivery"), _("deliveries")),
    "EmailDigest": (_("email digest"), _("email digests")),
    "Event": (_("event"), _("events")),
    "InboxException": (_("inbox exception"), _("inbox exceptions")),
    "InboxMark": (_("inbox mark"), _("inbox marks")),
    "InboxState": (_("inbox state"), _("inbox states")),
    "Log": (_("log"), _("logs")),
    "MeasuredSpan": (_("measured span"), _("measured spans")),
    "Mute": (_("mute"), _("mutes")),
    "PlanFailure": (_("plan failure"), _("plan failures")),
    "Preference": (_("preference"), _("preferences")),
    "QuietHours": (_("quiet hours"), _("quiet hours")),
    "ReceiverFailure": (_("receiver failure"), _("receiver failures")),
    "SessionOwner": (_("session owner"), _("session owners")),
    "Subscription": (_("subscription"), _("subscriptions")),
    "Worker": (_("worker"), _("workers")),
    "WorkerProcess": (_("worker process"), _("worker processes")),
}
FIELDS = {
    "address": _("address"),
    "at": _("at"),
    "attempts": _("attempts"),
    "begins": _("begins"),
    "changed_at": _("changed at"),
    "claimed_by": _("claimed by"),
    "claimed_until": _("claimed until"),
    "cleared": _("cleared"),
    "clearing": _("clearing"),
    "clearing_at": _("clearing at"),
    "count": _("count"),
    "created_at": _("created at"),
    "due_at": _("due at"),
    "ends": _("ends"),
    "epoch": _("epoch"),
    "error": _("error"),
    "every": _("every"),
    "figures": _("figures"),
    "fingerprint": _("fingerprint"),
    "frame": _("frame"),
    "head": _("head"),
    "holder": _("holder"),
    "horizon": _("horizon"),
    "horizon_at": _("horizon at"),
    "lane": _("lane"),
    "means": _("means"),
    "on": _("on"),
    "own_position": _("own position"),
    "page": _("page"),
    "person": _("user"),
    "position": _("position"),
    "pruned_at": _("pruned at"),
    "process": _("process"),
    "receiver": _("receiver"),
    "reference": _("reference"),
    "removed": _("removed"),
    "repeats": _("repeats"),
    "request_id": _("request id"),
    "route": _("route"),
    "seconds": _("seconds"),
    "session": _("session"),
    "shown": _("shown"),
    "since": _("since"),
    "state": _("state"),
    "topic": _("topic"),
    "tried_at": _("tried at"),
    "turn": _("turn"),
    "type": _("type"),
    "until": _("until"),
    "upto": _("up to"),
    "wanted": _("wanted"),
    "what": _("flag"),
    "zone": _("time zone"),
}


def label(models: Iterable[type[Model]]) -> None:
    """Give the models and their columns these names."""
    for model in models:
        names = MODELS.get(model.__name__)
        if names:
            model._meta.verbose_name, model._meta.verbose_name_plural = names
        for field in model._meta.local_concrete_fields:
            if field.name in FIELDS:
                field.verbose_name = FIELDS[field.name]
