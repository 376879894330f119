"""The inbox as pages of plain forms and links, which work without scripts."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import get_script_prefix, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub import inbox
from hub.events import is_own_path
from hub.inbox import ACTIONS, MAX_POSITION, STATES, Inbox, Item
from hub.inbox.zones import zone_of
from hub.pages.frame import show
from hub.ui.bell import shown_count
from hub.ui.done import SECONDS, done, remember
from hub.ui.inbox_rows import rows_of
from hub.ui.moments import moment_of
from hub.ui.trace import may_trace

PAGE_SIZE = 20  # events
MAX_SEEN = 50  # events of one report
FOREIGN = ("cross-site", "same-site")  # Sec-Fetch-Site of a page to which another site led

ALL_ACTIONS = ("seen", "read", "archive")  # those with a button for everything
NEWEST = ("all", "unread")  # the lists in which new events appear


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """A page of the inbox. The newest one offers to mark everything as seen.

    Its script does so by itself, unless another site led the browser here.
    """
    state, before = _state_and_cursor(request.GET)
    found = Inbox(request.user)
    page = found.page(state, before, PAGE_SIZE)
    unread = found.unread()
    is_newest = state in NEWEST and before is None
    context = {
        "state": state,
        "states": STATES,
        "items": rows_of(page.items),
        "has_archived": not page.items and bool(found.page("archived", None, 1).items),
        "done": done(request),
        "done_seconds": SECONDS,
        "older": page.next and _query(state, page.next),
        "is_first": before is None,
        "is_current": state in NEWEST,
        "back": _query(state, before),
        "head": found.log.head,
        "offers_seen": is_newest and found.unseen() > 0,
        "is_from_here": request.headers.get("Sec-Fetch-Site") not in FOREIGN,
        "unread": shown_count(unread),
        "traces": may_trace(request.user),
        # New events enter the list: toasts would say them twice.
        "hub_quiet": "*" if is_newest else "",
    }
    return show(request, "hub/inbox.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def open_event(request: HttpRequest, position: int) -> HttpResponse:
    """Redirect to where the event leads. POST, the item's form, also marks it as read."""
    event = _find(request, position)
    if request.method == "POST":
        inbox.mark(request.user.pk, "read", position)
    url = event.frame["url"]
    # `publish` refuses other links, but the row may have come another way.
    if not is_own_path(url):
        return redirect("hub:inbox")
    return redirect(get_script_prefix().rstrip("/") + url)


@require_POST
@login_required
def report_seen(request: HttpRequest) -> HttpResponse:
    """Mark events as seen, for the page's scripts: each `position`, or everything `upto` one. 204.

    A GET is not seeing: browsers prefetch pages, and other sites can navigate to them.
    """
    found = Inbox(request.user)
    upto, positions = request.POST.get("upto"), request.POST.getlist("position")[:MAX_SEEN]
    if not all(_is_number(number) for number in [*positions, *([upto] if upto else [])]):
        raise Http404("not a position")
    if upto:
        inbox.mark_all(request.user.pk, "seen", min(int(upto), found.log.head))
    for position in map(int, positions):
        if found.is_due(position):
            inbox.mark(request.user.pk, "seen", position)
    return HttpResponse(status=204)


@require_POST
@login_required
def set_flag(request: HttpRequest, position: int, action: str) -> HttpResponse:
    """Flag an event, and with it those that are folded below it (`alike`)."""
    if action not in ACTIONS:
        raise Http404(action)
    flag, on = ACTIONS[action]
    events = [one for one in _find_alike(request, position) if getattr(one.flags, flag) != on]
    if not events or action == "seen":
        return _back(request)
    positions = [one.position for one in events]
    if len(positions) > 1:
        undo = inbox.mark_many(request.user.pk, flag, positions, on=on)
        return _back(request, all=action, count=len(positions), undo=undo)
    inbox.mark(request.user.pk, flag, positions[0], on=on)
    return _back(request, one=action, position=positions[0])


@require_POST
@login_required
def snooze(request: HttpRequest, position: int) -> HttpResponse:
    """Snooze an event, and those folded below it, until a moment in the reader's zone."""
    events = _find_alike(request, position)
    zone = zone_of(request.POST.get("zone", ""))
    written = request.POST.get(f"moment-{position}", "")
    try:
        until = moment_of(request.POST.get("until", ""), written, zone)
        undo = inbox.snooze(request.user.pk, [one.position for one in events], until)
    except (ValueError, OverflowError):
        return _back(request, snoozed="refused")
    return _back(request, snoozed=f"{until:%Y-%m-%dT%H:%M}", undo=undo)


@require_POST
@login_required
def set_all(request: HttpRequest, action: str) -> HttpResponse:
    """Flag what the page's filter shows up to the position that it showed, not what came since."""
    upto = request.POST.get("position", "")
    if action not in ALL_ACTIONS or not _is_number(upto):
        raise Http404(action)
    found = Inbox(request.user)
    state, _ = _state_and_cursor(QueryDict(request.POST.get("back", "")[:200]))
    count, undo = inbox.mark_shown(found, action, state, min(int(upto), found.log.head))  # type: ignore[arg-type]
    return _back(request, all=action, count=shown_count(count) or "0", undo=undo)


@require_POST
@login_required
def undo(request: HttpRequest) -> HttpResponse:
    try:
        was_undone = inbox.undo(request.user.pk, request.POST.get("undo", ""))
    except ValueError as error:
        raise Http404(str(error)) from error
    return _back(request, undone="1" if was_undone else "late")


def _find_alike(request: HttpRequest, position: int) -> list[Item]:
    """The event at this position, and those that the query names as folded below it."""
    alike = request.GET.get("alike", "").split(",")[:PAGE_SIZE]
    positions = [int(one) for one in alike if _is_number(one)]
    return [_find(request, position), *Inbox(request.user).find_all(positions)]


def _find(request: HttpRequest, position: int) -> Item:
    found = Inbox(request.user).find(min(position, MAX_POSITION))
    if found is None:
        raise Http404(f"no event of this user at {position}")
    return found


def _state_and_cursor(query: QueryDict) -> tuple[Any, int | None]:
    """State and cursor from a query string; anything invalid counts as absent."""
    state, before = query.get("state", ""), query.get("before", "")
    return (
        state if state in STATES else "all",
        int(before) if _is_number(before) else None,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text[:20]) <= MAX_POSITION and len(text) < 20


def _query(state: str, before: int | None) -> str:
    query: dict[str, Any] = {} if state == "all" else {"state": state}
    if before is not None:
        query["before"] = before
    return urlencode(query)


def _back(request: HttpRequest, **what: object) -> HttpResponse:
    """Redirect to the page of the inbox whose button was pressed, and tell it `what` was done."""
    response = redirect(page_path(request.POST.get("back", "")))
    return remember(response, request, **what) if what else response


def page_path(back: str) -> str:
    """The path of the page of the inbox that has this query string."""
    state, before = _state_and_cursor(QueryDict(back[:200]))
    query = _query(state, before)
    return reverse("hub:inbox") + (f"?{query}" if query else "")
