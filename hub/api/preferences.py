"""Preferences and mutes over HTTP."""

import datetime
from typing import Annotated, Any

import msgspec
from django.db import router as router_of
from django.db import transaction
from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import ConfigDict, Field

from hub.api.answers import ApiError, errors
from hub.errors import BadTopic
from hub.inbox import preferences
from hub.inbox.digests import Digest, choose_digests, digests_of
from hub.inbox.preferences import PreferenceError
from hub.inbox.quiet_hours import QuietHours as Hours
from hub.inbox.quiet_hours import quiet_hours_of, set_quiet_hours
from hub.models import Preference

MAX_TYPES = 200  # in one change
CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"  # hours and minutes

router = Router(tags=["preferences"])


class Choice(Schema):
    """`digest` says how often the emails come, several in one; absent where they do not wait."""

    toast: bool
    inbox: bool
    email: bool
    digest: Digest | None = None


class Change(Schema):
    """What is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    toast: bool | None = None
    inbox: bool | None = None
    email: bool | None = None
    digest: Digest | None = None


class QuietHours(Schema):
    """Hours and minutes by the clocks of a zone such as "Europe/Berlin"; null: no quiet hours."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begins: Annotated[str | None, Field(alias="from", pattern=CLOCK)] = None
    ends: Annotated[str | None, Field(alias="to", pattern=CLOCK)] = None
    zone: Annotated[str | None, Field(max_length=64)] = None


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
    "/preferences",
    response={200: dict[str, Choice], **errors(401, 429)},
    exclude_none=True,
    summary="Preferences",
)
def read(request: HttpRequest) -> dict[str, Any]:
    """By event type: whether it becomes a toast, is in the inbox, is emailed, and how often."""
    return _preferences(request)


@router.patch(
    "/preferences",
    response={200: dict[str, Choice], **errors(400, 401, 403, 422, 429)},
    exclude_none=True,
    summary="Change preferences",
)
def change(
    request: HttpRequest, body: Annotated[dict[str, Change], Body(max_length=MAX_TYPES)]
) -> dict[str, Any]:
    """Change all of it or nothing. The answer has the preferences afterwards."""
    changes: dict[str, Any] = {
        type: one.model_dump(exclude_unset=True, exclude_none=True) for type, one in body.items()
    }
    digests = {type: one.pop("digest") for type, one in changes.items() if "digest" in one}
    try:
        with transaction.atomic(using=router_of.db_for_write(Preference)):
            preferences.choose(request.user.pk, changes)
            choose_digests(request.user.pk, digests)
    except PreferenceError as error:
        raise ApiError(422, str(error)) from error
    return _preferences(request)


def _preferences(request: HttpRequest) -> dict[str, Any]:
    digests = digests_of(request.user.pk)
    return {
        type: {**msgspec.structs.asdict(choice), "digest": digests.get(type)}
        for type, choice in preferences.preferences_of(request.user.pk).items()
    }


@router.get(
    "/quiet-hours",
    response={200: QuietHours, **errors(401, 429)},
    by_alias=True,
    summary="Quiet hours",
)
def quiet_hours(request: HttpRequest) -> dict[str, Any]:
    """The hours in which toasts and emails that are not critical wait in the inbox."""
    return _quiet_hours(request)


@router.patch(
    "/quiet-hours",
    response={200: QuietHours, **errors(400, 401, 403, 422, 429)},
    by_alias=True,
    summary="Change quiet hours",
)
def change_quiet_hours(request: HttpRequest, body: QuietHours) -> dict[str, Any]:
    """What is not named stays. `{"from": null}` ends them."""
    wanted = _quiet_hours(request) | body.model_dump(exclude_unset=True)
    begins, ends, zone = wanted["begins"], wanted["ends"], wanted["zone"]
    named = body.model_dump(exclude_unset=True).values()
    if None in named:
        set_quiet_hours(request.user.pk, None)
        return _quiet_hours(request)
    try:
        if begins is None or ends is None or zone is None:
            raise PreferenceError("quiet hours have `from`, `to` and `zone`")
        read = datetime.time.fromisoformat
        set_quiet_hours(request.user.pk, Hours(read(begins), read(ends), zone))
    except PreferenceError as error:
        raise ApiError(422, str(error)) from error
    return _quiet_hours(request)


def _quiet_hours(request: HttpRequest) -> dict[str, Any]:
    hours = quiet_hours_of(request.user.pk)
    if hours is None:
        return {"begins": None, "ends": None, "zone": None}
    return {"begins": f"{hours.begins:%H:%M}", "ends": f"{hours.ends:%H:%M}", "zone": hours.zone}


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
