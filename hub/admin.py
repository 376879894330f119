"""The hub in Django's admin: the log, subscriptions, deliveries and choices.

All of it is read-only; deliveries can be tried again.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast

import msgspec
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hub.events import event_types
from hub.identity.users import find_users
from hub.models import (
    Delivery,
    EmailDigest,
    Event,
    Mute,
    PlanFailure,
    Preference,
    QuietHours,
    ReceiverFailure,
    Subscription,
    Worker,
)
from hub.ui.names import full_names

Lookups = Iterable[tuple[str, str]]


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only the hub writes. The list does not count all of them."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TypeFilter(admin.SimpleListFilter):
    """Filters by declared event type. The distinct types of a long log would take long to find."""

    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [(type, type) for type in sorted(event_types())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        type = self.value()
        return queryset.filter(type=type) if type in event_types() else queryset


class UserList(ChangeList):
    """Reads the users named on the page with one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        users = find_users({row.person for row in rows})
        names = full_names({topic for row in rows if (topic := getattr(row, "topic", ""))})
        for row in rows:
            row.user = users.get(row.person, _gone(row.person))
            row.topic_name = names.get(getattr(row, "topic", ""), "")
        self.result_list = cast(Any, rows)


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


class UserRowsAdmin(ReadOnlyAdmin):
    """Rows that name a user by key."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return UserList

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        return ["user" if name == "person" else name for name in fields]

    @admin.display(description=_("user"), ordering="person")
    def user(self, row: Any) -> str:
        found = getattr(row, "user", None) or find_users({row.person}).get(row.person)
        return str(found or _gone(row.person))

    @admin.display(description=_("topic"), ordering="topic")
    def named_topic(self, row: Any) -> str:
        return str(row.topic_name)


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
        return _list_link("delivery", event.position, progress) if event.position else progress

    @admin.display(description=_("trace"))
    def trace(self, event: Event) -> str:
        return _trace_link(event.position, gettext("what became of it"))

    @admin.display(description=_("content"))
    def content(self, event: Event) -> str:
        """The frame, indented; as it is stored where it cannot be read."""
        try:
            written = msgspec.json.format(("{" + event.frame).encode(), indent=2).decode()
        except msgspec.DecodeError:
            written = event.frame
        return format_html("<pre>{}</pre>", written)


@admin.register(Subscription)
class SubscriptionAdmin(UserRowsAdmin):
    list_display = ("user", "named_topic", "since", "until")
    list_filter = (("until", admin.EmptyFieldListFilter),)
    search_fields = ("=person", "topic__startswith")
    search_help_text = _("a user's key, or the beginning of a topic")
    ordering = ("-pk",)


class RepeatFilter(admin.SimpleListFilter):
    title = _("possible repeats")
    parameter_name = "repeats"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [("1", gettext("may have been sent twice"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(repeats__gt=0) if self.value() else queryset


@admin.register(Delivery)
class DeliveryAdmin(UserRowsAdmin):
    list_display = (
        *("number", "event", "type", "user", "state", "due_at", "attempts", "error", "trace"),
    )
    list_filter = ("state", RepeatFilter, "means", TypeFilter)
    search_fields = ("=position", "=person", "reference__startswith", "error")
    search_help_text = _("an event's position, a user's key, a Message-ID, or an error")
    ordering = ("-pk",)
    actions = ("try_again",)

    @admin.display(description=_("number"), ordering="pk")
    def number(self, delivery: Delivery) -> str:
        return f"#{delivery.pk}"

    @admin.display(description=_("event"), ordering="position")
    def event(self, delivery: Delivery) -> str:
        position = delivery.position
        return _list_link("event", position, str(position)) if position else ""

    @admin.display(description=_("trace"))
    def trace(self, delivery: Delivery) -> str:
        return _trace_link(delivery.position, gettext("what became of it"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        return ["event" if name == "position" else name for name in fields]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("hub.change_delivery"))

    @admin.action(description=_("Try again now"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Retry what was given up or waits for a retry; nothing that was or is being sent."""
        states = Delivery.State
        chosen = queryset.order_by()
        now = timezone.now()
        again = chosen.filter(state=states.FAILED) | chosen.filter(
            state=states.WAITING, attempts__gt=0
        )
        # Attempts start again: it is given up after as many as a new one.
        count = again.update(state=states.WAITING, attempts=0, due_at=now, changed_at=now)
        messages.success(
            request, _("%(count)d will be tried again within seconds.") % {"count": count}
        )


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ("holder", "until", "position", "pruned_at", "error")


@admin.register(PlanFailure)
class PlanFailureAdmin(ReadOnlyAdmin):
    list_display = ("position", "error", "tried_at")


@admin.register(ReceiverFailure)
class ReceiverFailureAdmin(ReadOnlyAdmin):
    """A row is deleted once its cause is corrected."""

    list_display = ("receiver", "count", "at", "error")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(Preference)
class PreferenceAdmin(UserRowsAdmin):
    list_display = ("user", "type", "means", "wanted")
    list_filter = ("means", "wanted", TypeFilter)
    search_fields = ("=person",)
    search_help_text = _("a user's key")
    ordering = ("-pk",)


@admin.register(Mute)
class MuteAdmin(UserRowsAdmin):
    list_display = ("user", "named_topic", "type", "since")
    search_fields = ("=person", "topic__startswith")
    search_help_text = _("a user's key, or the beginning of a topic")
    ordering = ("-pk",)


@admin.register(QuietHours)
class QuietHoursAdmin(UserRowsAdmin):
    list_display = ("user", "begins", "ends", "zone")
    search_fields = ("=person",)
    search_help_text = _("a user's key")
    ordering = ("-pk",)


@admin.register(EmailDigest)
class EmailDigestAdmin(UserRowsAdmin):
    list_display = ("user", "type", "every")
    list_filter = ("every", TypeFilter)
    search_fields = ("=person",)
    search_help_text = _("a user's key")
    ordering = ("-pk",)


def _gone(person: str) -> str:
    return (_("%(key)s (deleted)") % {"key": person}).strip()


def _list_link(model: str, position: int | None, words: str) -> str:
    """A link to the rows of a model that belong to an event."""
    path = reverse(f"admin:hub_{model}_changelist")
    return format_html('<a href="{}?q={}">{}</a>', path, position, words) if words else ""


def _trace_link(position: int | None, words: str) -> str:
    """A link to the event's trace, where the project has the hub's pages."""
    try:
        path = reverse("hub:trace-event", args=[position]) if position else ""
    except NoReverseMatch:
        path = ""
    return format_html('<a href="{}">{}</a>', path, words) if path else ""


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
