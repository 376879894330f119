"""Deliveries and the work behind them, in the admin. Deliveries can be tried again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hub.admin.rows import Lookups, ReadOnlyAdmin, TypeFilter, UserRowsAdmin, list_link, trace_link
from hub.models import Delivery, PlanFailure, ReceiverFailure, Worker


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
        return list_link("event", position, str(position)) if position else ""

    @admin.display(description=_("trace"))
    def trace(self, delivery: Delivery) -> str:
        return trace_link(delivery.position, gettext("what became of it"))

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
