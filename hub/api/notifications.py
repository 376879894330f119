"""The inbox over HTTP."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field

from hub import inbox
from hub.api.answers import ApiError, errors
from hub.inbox import Inbox
from hub.inbox.reading import State
from hub.inbox.words import What
from hub.policy import Policy

MOST = 2**63 - 1  # the database's integer

Position = Annotated[int, Field(ge=1, le=MOST)]
Action = Literal["seen", "read", "unread", "archive", "unarchive"]
AllAction = Literal["seen", "read", "archive"]

WORDS: dict[Action, tuple[What, bool]] = {
    "seen": ("seen", True),
    "read": ("read", True),
    "unread": ("read", False),
    "archive": ("archived", True),
    "unarchive": ("archived", False),
}


class Flags(Schema):
    seen: bool
    read: bool
    archived: bool


class Link(Schema):
    label: str
    url: str


class Notification(Flags):
    """An event as a socket sends it, and how it stands with the person. `id` is its position."""

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
    actions: list[Link] | None = None
    image: str | None = None


class Notifications(Schema):
    """Newest first. The counts stop at 100. `next` is the `before` of the page that follows."""

    epoch: str
    items: list[Notification]
    unseen: int
    unread: int
    next: int | None


class Upto(Schema):
    position: Annotated[int, Field(ge=0, le=MOST)]


class Undo(Schema):
    undo: Annotated[str, Field(min_length=1, max_length=64)]


class Undone(Schema):
    undone: bool


def notifications_router(policy: Policy) -> Router:
    """The inbox of whoever is signed in; `policy` decides what they may still see."""
    router = Router(tags=["inbox"])

    @router.get("", response={200: Notifications, **errors(401, 422, 429)}, exclude_unset=True)
    def notifications(
        request: HttpRequest,
        before: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        state: State = "all",
    ) -> dict[str, Any]:
        """A page of the inbox. `all` is what was not archived."""
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
        """Take an all-form back. What was said since about single events stays."""
        try:
            undone = inbox.undo(request.user.pk, body.undo)
        except ValueError as error:
            raise ApiError(422, str(error)) from error
        if not undone:
            raise ApiError(409, "this was undone already, or it is too long ago", "too_late")
        return {"undone": True}

    @router.post(
        "/{action}-all",
        response={200: Undo, **errors(400, 401, 403, 404, 422, 429)},
        summary="Everything up to a position",
    )
    def say_all(request: HttpRequest, action: Path[AllAction], body: Upto) -> dict[str, str]:
        """`position` is the newest that the person was shown: what came later is not meant."""
        what = WORDS[action][0]
        head = Inbox(request.user, policy).log.head
        return {"undo": inbox.mark_all(request.user.pk, what, min(body.position, head))}

    @router.post(
        "/{position}/{action}",
        response={200: Flags, **errors(401, 403, 404, 422, 429)},
        summary="One event",
    )
    def say(
        request: HttpRequest, position: Path[Position], action: Path[Action]
    ) -> dict[str, bool]:
        """How the event stands afterwards. Whoever reads or archives an event has seen it."""
        found = Inbox(request.user, policy)
        if not found.is_due(position):
            raise ApiError(404, "no event of yours has this position")
        what, on = WORDS[action]
        inbox.mark(request.user.pk, what, position, on=on)
        return _flags(inbox.flags_of(request.user.pk, position))

    return router


def _notification(item: inbox.Item) -> dict[str, Any]:
    return {**item.frame, "op": "event", "id": item.position, **_flags(item.flags)}


def _flags(flags: inbox.Flags) -> dict[str, bool]:
    return {"seen": flags.seen, "read": flags.read, "archived": flags.archived}
