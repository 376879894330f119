"""The inbox over HTTP."""

import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import AwareDatetime, Field

from hub import inbox
from hub.api.answers import ApiError, errors
from hub.inbox import ACTIONS, MAX_POSITION, Inbox
from hub.inbox.flags import Action, AllAction
from hub.inbox.reading import State
from hub.policy import Policy

NOT_FOUND = "your inbox has no event at this position"

Position = Annotated[int, Field(ge=1, le=MAX_POSITION)]


class Flags(Schema):
    """`snoozed_until` is the moment at which a snoozed event comes back."""

    seen: bool
    read: bool
    archived: bool
    snoozed_until: datetime.datetime | None = None


class Link(Schema):
    """What a toast offers; with the method "post", a button."""

    label: str
    url: str
    method: Literal["get", "post"] | None = None


class Notification(Flags):
    """An event as a socket sends it, and the user's flags of it. `id` is its position."""

    op: Literal["event"] = "event"
    id: int
    type: str
    topic: str
    at: str
    severity: str
    title: str
    body: str
    url: str
    data: dict[str, Any]
    key: str | None = None
    keep_body: bool | None = None
    actions: list[Link] | None = None
    image: str | None = None
    origin: str | None = None


class Notifications(Schema):
    """Newest first. Counts stop at 100. `next` is the `before` of the page that follows."""

    epoch: str
    items: list[Notification]
    unseen: int
    unread: int
    next: int | None


class Upto(Schema):
    position: Annotated[int, Field(ge=0, le=MAX_POSITION)]
    state: State = "all"


class Until(Schema):
    """A moment with its offset, such as `2026-11-27T09:00:00+01:00`."""

    until: AwareDatetime


class Undo(Schema):
    undo: Annotated[str, Field(min_length=1, max_length=64)]


class Marked(Undo):
    """How many events were changed, counted up to 100, and the token that undoes it."""

    count: int


class Undone(Schema):
    undone: bool


def notifications_router(policy: Policy | None = None) -> Router:
    """The inbox of the signed-in user. `policy` replaces that of `HUB["POLICY"]`."""
    router = Router(tags=["inbox"])

    @router.get("", response={200: Notifications, **errors(401, 422, 429)}, exclude_unset=True)
    def notifications(
        request: HttpRequest,
        before: Annotated[int | None, Query(ge=1, le=MAX_POSITION)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        state: State = "all",
    ) -> dict[str, Any]:
        """One page of the inbox. `all` is every event that is neither archived nor snoozed."""
        found = Inbox(request.user, policy)
        page = found.page(state, before, limit)
        return {
            "epoch": found.log.epoch,
            "items": [_notification(item) for item in page.items],
            "unseen": found.unseen(),
            "unread": found.unread(),
            "next": page.next,
        }

    @router.post(
        "/undo", response={200: Undone, **errors(400, 401, 403, 409, 422, 429)}, summary="Undo"
    )
    def undo(request: HttpRequest, body: Undo) -> dict[str, bool]:
        """Undo an action on everything. Later changes of single events stay."""
        try:
            undone = inbox.undo(request.user.pk, body.undo)
        except ValueError as error:
            raise ApiError(422, str(error)) from error
        if not undone:
            raise ApiError(409, "this was undone already, or is too old to be undone", "too_late")
        return {"undone": True}

    @router.post(
        "/{action}-all",
        response={200: Marked, **errors(400, 401, 403, 404, 422, 429)},
        summary="Everything up to a position",
    )
    def set_all(request: HttpRequest, action: Path[AllAction], body: Upto) -> dict[str, Any]:
        """`position` is the newest event that the user was shown: later ones are not changed.

        With `state` "unread", archiving leaves out what is read.
        """
        found = Inbox(request.user, policy)
        upto = min(body.position, found.log.head)
        count, undo = inbox.mark_shown(found, action, body.state, upto)
        return {"undo": undo, "count": count}

    @router.post(
        "/{position}/snooze",
        response={200: Marked, **errors(400, 401, 403, 404, 422, 429)},
        summary="Snooze an event",
    )
    def snooze(request: HttpRequest, position: Path[Position], body: Until) -> dict[str, Any]:
        """It leaves the list, and comes back at the moment, or with news of the same subject."""
        if not Inbox(request.user, policy).has(position):
            raise ApiError(404, NOT_FOUND)
        try:
            return {"undo": inbox.snooze(request.user.pk, [position], body.until), "count": 1}
        except inbox.SnoozeError as error:
            raise ApiError(422, str(error)) from error

    @router.post(
        "/{position}/{action}",
        response={200: Flags, **errors(401, 403, 404, 422, 429)},
        exclude_unset=True,
        summary="One event",
    )
    def set_flag(
        request: HttpRequest, position: Path[Position], action: Path[Action]
    ) -> dict[str, Any]:
        """The event's flags afterwards. An event that is read or archived counts as seen."""
        found = Inbox(request.user, policy)
        if not found.has(position):
            raise ApiError(404, NOT_FOUND)
        flag, on = ACTIONS[action]
        inbox.mark(request.user.pk, flag, position, on=on)
        return _flags(inbox.flags_of(request.user.pk, position))

    return router


def _notification(item: inbox.Item) -> dict[str, Any]:
    return {**item.frame, "op": "event", "id": item.position, **_flags(item.flags)}


def _flags(flags: inbox.Flags) -> dict[str, Any]:
    found = {"seen": flags.seen, "read": flags.read, "archived": flags.archived}
    return found | ({"snoozed_until": flags.until} if flags.until else {})
