"""Preferences and mutes over HTTP."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import ConfigDict, Field

from hub.api.answers import ApiError, errors
from hub.errors import BadTopic
from hub.inbox import preferences
from hub.inbox.preferences import PreferenceError

MAX_TYPES = 200  # in one change

router = Router(tags=["preferences"])


class Choice(Schema):
    toast: bool
    inbox: bool
    email: bool


class Change(Schema):
    """What is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    toast: bool | None = None
    inbox: bool | None = None
    email: bool | None = None


class Mute(Schema):
    """A topic, a type, or a type on a topic; empty stands for any."""

    topic: Annotated[str, Field(max_length=100)] = ""
    type: Annotated[str, Field(max_length=64)] = ""


class MuteChange(Mute):
    model_config = ConfigDict(extra="forbid")

    on: bool = True


class Mutes(Schema):
    items: list[Mute]


@router.get(
    "/preferences", response={200: dict[str, Choice], **errors(401, 429)}, summary="Preferences"
)
def read(request: HttpRequest) -> dict[str, Any]:
    """By event type: whether it becomes a toast, is in the inbox, is emailed."""
    return preferences.preferences_of(request.user.pk)


@router.patch(
    "/preferences",
    response={200: dict[str, Choice], **errors(400, 401, 403, 422, 429)},
    summary="Change preferences",
)
def change(
    request: HttpRequest, body: Annotated[dict[str, Change], Body(max_length=MAX_TYPES)]
) -> dict[str, Any]:
    """Change all of it or nothing. The answer has the preferences afterwards."""
    changes: dict[str, Any] = {
        type: one.model_dump(exclude_unset=True, exclude_none=True) for type, one in body.items()
    }
    try:
        preferences.choose(request.user.pk, changes)
    except PreferenceError as error:
        raise ApiError(422, str(error)) from error
    return preferences.preferences_of(request.user.pk)


@router.get("/mutes", response={200: Mutes, **errors(401, 429)}, summary="Mutes")
def mutes(request: HttpRequest) -> dict[str, Any]:
    """What is neither shown nor emailed, whatever the preferences say."""
    return _mutes(request)


@router.post(
    "/mutes", response={200: Mutes, **errors(400, 401, 403, 422, 429)}, summary="Mute or unmute"
)
def change_mute(request: HttpRequest, body: MuteChange) -> dict[str, Any]:
    """`on: false` removes a mute. Subscriptions stay, so what was muted is shown again."""
    call = preferences.mute if body.on else preferences.unmute
    try:
        call(request.user.pk, topic=body.topic, type=body.type)
    except (PreferenceError, BadTopic) as error:
        raise ApiError(422, str(error)) from error
    return _mutes(request)


def _mutes(request: HttpRequest) -> dict[str, Any]:
    items = preferences.mutes_of(request.user.pk)
    return {"items": [{"topic": topic, "type": type} for topic, type in items]}
