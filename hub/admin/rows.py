"""Rows that only the hub writes, and what their lists have in common."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from hub.events import event_types
from hub.identity.users import find_users
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


def _gone(person: str) -> str:
    return (_("%(key)s (deleted)") % {"key": person}).strip()


def list_link(model: str, position: int | None, words: str) -> str:
    """A link to the rows of a model that belong to an event."""
    path = reverse(f"admin:hub_{model}_changelist")
    return format_html('<a href="{}?q={}">{}</a>', path, position, words) if words else ""


def trace_link(position: int | None, words: str) -> str:
    """A link to the event's trace, where the project has the hub's pages."""
    try:
        path = reverse("hub:trace-event", args=[position]) if position else ""
    except NoReverseMatch:
        path = ""
    return format_html('<a href="{}">{}</a>', path, words) if path else ""
