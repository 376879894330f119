"""What became of an event: staff find it, and follow its way. Works without scripts."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from hub.models import Event
from hub.models.log import MAX_POSITION
from hub.pages.frame import show
from hub.trace.life import life_of
from hub.trace.search import MAX_TEXT, SCANNED, search
from hub.ui.names import full_names


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("Find an event"),
        max_length=MAX_TEXT,
        required=False,
        help_text=_("A position, a topic, a user, a request id, an order number or another value."),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    value = forms.BooleanField(required=False, widget=forms.HiddenInput)
    before = forms.IntegerField(
        min_value=1, max_value=MAX_POSITION, required=False, widget=forms.HiddenInput
    )


@require_safe
@login_required
def events(request: HttpRequest) -> HttpResponse:
    """The events that `q` may mean, newest first. PermissionDenied as for `event`."""
    _check(request)
    form = SearchForm(request.GET)
    context: dict[str, Any] = {"form": form, "scanned": SCANNED}
    if form.is_valid():
        text, before, as_value = (form.cleaned_data[name] for name in ("q", "before", "value"))
        found = search(text, before, as_value=as_value)
        names = full_names({row.topic for row in found.events})
        rows = [(row, names[row.topic]) for row in found.events]
        context |= {"found": found, "rows": rows, "text": text}
    return show(request, "hub/trace.html", context)


@require_safe
@login_required
def event(request: HttpRequest, position: int) -> HttpResponse:
    """The life of one event.

    Raises PermissionDenied for users who may not view events; a position that has no row, or none
    any more, is a 404.
    """
    _check(request)
    row = Event.objects.filter(position=position).first() if position <= MAX_POSITION else None
    if row is None:
        raise Http404(f"no event has the position {position}")
    context = {
        "life": life_of(row),
        "topic_name": full_names({row.topic})[row.topic],
        "sees_deliveries": request.user.has_perm("hub.view_delivery"),
    }
    return show(request, "hub/trace_event.html", context)


def may_trace(user: Any) -> bool:
    """Whether the user may follow events: staff who may view them in the admin."""
    # In this order: for other users it costs no query.
    return bool(getattr(user, "is_staff", False) and user.has_perm("hub.view_event"))


def _check(request: HttpRequest) -> None:
    if not may_trace(request.user):
        raise PermissionDenied("this user may not view events")
