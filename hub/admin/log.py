"""The log and who is subscribed to it, in the admin."""

from collections import defaultdict
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hub.admin.rows import ReadOnlyAdmin, TypeFilter, UserRowsAdmin, list_link, trace_link
from hub.models import (
    Delivery,
    Event,
    Subscription,
    Worker,
)
from hub.trace.life import written
from hub.ui.names import full_names


class EventList(ChangeList):
    """Counts the deliveries of the page's events with two queries."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        counts: dict[int, dict[str, int]] = defaultdict(dict)
        grouped = (
            Delivery.objects.filter(position__in=[row.position for row in rows if row.position])
            .values_list("position", "state")
            .annotate(count=Count("pk"))
        )
        for position, state, count in cast(Any, grouped):
            counts[position][state] = count
        planned = Worker.objects.values_list("position", "page").filter(pk=1).first() or (0, 0)
        names = full_names({row.topic for row in rows})
        for row in rows:
            row.topic_name = names[row.topic]
            is_being_planned = planned[1] > 0 and row.position == planned[0] + 1
            row.progress = _progress(counts.get(row.position, {}), is_being_planned)
        self.result_list = cast(Any, rows)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("position", "type", "named_topic", "at", "deliveries", "trace")
    fields = ("position", "type", "named_topic", "at", "route", "deliveries", "trace", "content")
    list_filter = (TypeFilter, "at")
    search_fields = ("=position", "topic__startswith", "type__startswith")
    search_help_text = _("a position, or the beginning of a topic or type")
    ordering = ("-pk",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return EventList

    @admin.display(description=_("topic"), ordering="topic")
    def named_topic(self, event: Any) -> str:
        name = getattr(event, "topic_name", "") or full_names({event.topic})[event.topic]
        return str(name)

    @admin.display(description=_("deliveries"))
    def deliveries(self, event: Any) -> str:
        progress = getattr(event, "progress", gettext("show"))
        return list_link("delivery", event.position, progress) if event.position else progress

    @admin.display(description=_("trace"))
    def trace(self, event: Event) -> str:
        return trace_link(event.position, gettext("what became of it"))

    @admin.display(description=_("content"))
    def content(self, event: Event) -> str:
        return format_html("<pre>{}</pre>", written(event.frame))


@admin.register(Subscription)
class SubscriptionAdmin(UserRowsAdmin):
    list_display = ("user", "named_topic", "since", "until")
    list_filter = (("until", admin.EmptyFieldListFilter),)
    search_fields = ("=person", "topic__startswith")
    search_help_text = _("a user's key, or the beginning of a topic")
    ordering = ("-pk",)


def _progress(counts: dict[str, int], is_being_planned: bool) -> str:
    """The progress of an event's deliveries, as text."""
    states = Delivery.State
    if not counts:
        return gettext("being made") if is_being_planned else ""
    done, total = counts.get(states.SENT, 0), sum(counts.values())
    parts = [gettext("%(done)s of %(total)s sent") % {"done": _n(done), "total": _n(total)}]
    if is_being_planned:
        parts.append(gettext("more being made"))
    if skipped := counts.get(states.SKIPPED):
        parts.append(gettext("%(count)s not needed") % {"count": _n(skipped)})
    if failed := counts.get(states.FAILED):
        parts.append(gettext("%(count)s given up") % {"count": _n(failed)})
    return ", ".join(parts)


def _n(number: int) -> str:
    return number_format(number, force_grouping=True)
